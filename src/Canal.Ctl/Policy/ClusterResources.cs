using System.CommandLine;
using Canal.Core.Resources;

namespace Canal.Ctl;

/// <summary>The resources that decide packets, from documents when some are named, else from etcd.</summary>
internal static class ClusterResources
{
    private static readonly ResourceKind[] Kinds =
    [
        ResourceKind.Tier, ResourceKind.Profile, ResourceKind.NetworkPolicy, ResourceKind.GlobalNetworkPolicy,
        ResourceKind.NetworkSet, ResourceKind.GlobalNetworkSet, ResourceKind.WorkloadEndpoint, ResourceKind.HostEndpoint,
    ];

    /// <summary>The resources; null after saying why documents cannot be used. What cannot be understood in etcd is said and left out, as agents do.</summary>
    public static async Task<List<Resource>?> ReadAsync(SourceOptions source, ParseResult parsed, GlobalOptions options, Surroundings around, CancellationToken stop)
    {
        if (source.Files(parsed).Count > 0)
            return WantedInput.Read(source, parsed, DocumentCheck.Check, around)?.Select(Complete).OfType<Resource>().ToList();
        await using Connection connection = await Connection.OpenAsync(parsed, options, around, stop);
        List<Resource> resources = [];
        foreach (ResourceKind kind in Kinds)
        {
            foreach (StoredResource stored in (await connection.Resources.ListAsync(ResourceKinds.Of(kind), null, stop)).Resources)
                Add(stored, resources, around);
        }
        return resources;
    }

    private static Resource? Complete(WantedResource wanted)
    {
        ResourceDocument complete = wanted.Document.Clone();
        ResourceDefaults.Apply(complete);
        return complete.Decode(new ResourceKey(wanted.Kind.Kind, wanted.Namespace, wanted.Name)).Resource;
    }

    private static void Add(StoredResource stored, List<Resource> resources, Surroundings around)
    {
        if (stored.Document?.Decode(stored.Key) is not { } decoded)
        {
            around.Say($"{stored.Key}: left out: the stored value {stored.Problem}");
            return;
        }
        foreach (Problem problem in decoded.Problems)
            around.Say($"{stored.Key}: {problem}");
        if (decoded.Resource is not null)
            resources.Add(decoded.Resource);
    }
}
