namespace Canal.Core.Resources;

/// <summary>An interface a node reports.</summary>
public sealed record NodeInterface(string Name, EquatableArray<InterfaceAddress> Addresses);
