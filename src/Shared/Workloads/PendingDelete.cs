using Canal.Core.Addressing;
using Canal.Core.Resources;

namespace Canal.Workloads;

/// <summary>What is to go from etcd when a container is gone.</summary>
/// <param name="ContainerId">The endpoint only goes if it is still this container's.</param>
/// <param name="Endpoint">Null for none.</param>
/// <param name="HandleId">Whose addresses are released; null for none.</param>
internal sealed record PendingDelete(string ContainerId, ResourceKey? Endpoint, string? HandleId)
{
    /// <summary>One address to release, of a handle that is not known; null for none.</summary>
    public IpAddress? Address { get; init; }

    /// <summary>The address is released if its handle is this or begins with it and a dot: others' stay.</summary>
    public string HandlePrefix { get; init; } = "";
}
