using Canal.Core.Addressing;

namespace Canal.Core.Resources;

/// <summary>How many addresses of a block a handle has.</summary>
public readonly record struct HandleCount(Cidr Block, int Count);
