namespace Canal.Core.Resources;

/// <summary>One of a node's addresses.</summary>
/// <param name="Address">The address.</param>
/// <param name="Type">CalicoNodeIP, InternalIP, ExternalIP; others verbatim.</param>
public readonly record struct NodeAddress(InterfaceAddress Address, string Type);
