using Canal.Core.Addressing;

namespace Canal.Core.Overlay;

/// <summary>Another host's end of a tunnel.</summary>
/// <param name="Device">This host's end.</param>
/// <param name="Index">Its index: a device that was made again is another one.</param>
/// <param name="Address">The other host's address in the tunnel.</param>
public sealed record ChecksumPeer(string Device, int Index, IpAddress Address);
