using Canal.Core.Resources;

namespace Canal.Cni;

/// <summary>What is to go from etcd when a container is gone.</summary>
/// <param name="ContainerId">The endpoint only goes if it is still this container's.</param>
/// <param name="Endpoint">Null for none.</param>
/// <param name="HandleId">Whose addresses are released; null for none.</param>
internal sealed record PendingDelete(string ContainerId, ResourceKey? Endpoint, string? HandleId);
