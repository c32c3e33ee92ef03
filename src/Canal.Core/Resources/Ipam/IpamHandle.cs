namespace Canal.Core.Resources;

/// <summary>Where a handle's addresses are; the handle's id is in the key.</summary>
public sealed record IpamHandle(EquatableArray<HandleCount> Blocks, bool Deleted = false);
