namespace Canal.Core.Resources;

/// <summary>The block's sequence number when an address was assigned.</summary>
public readonly record struct AllocationSequence(int Ordinal, ulong Number);
