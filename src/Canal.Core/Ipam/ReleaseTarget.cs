using Canal.Core.Addressing;

namespace Canal.Core.Ipam;

/// <summary>An address to release, if it is still what the caller thinks.</summary>
/// <param name="Address">The address.</param>
/// <param name="HandleId">Only if this handle has it; null: whoever has it.</param>
/// <param name="Sequence">Only if it was assigned at this sequence number; null: whenever.</param>
public readonly record struct ReleaseTarget(IpAddress Address, string? HandleId = null, ulong? Sequence = null);
