using Canal.Core.Addressing;

namespace Canal.Core.IpSets;

/// <summary>A member of a named-port set.</summary>
public readonly record struct PortMember(IpAddress Address, byte Protocol, ushort Port);
