using Canal.Core;
using Canal.Core.Addressing;
using Canal.Core.Ipam;
using Canal.Core.Resources;
using Canal.Datastore;

namespace Canal.Cni;

/// <summary>The addresses of one container out of the cluster's pools.</summary>
internal sealed class PoolAddresses(Cluster cluster, CniCall call, Workload workload)
{
    /// <summary>What <c>ipam.type</c> is for these.</summary>
    public const string Type = "canal-ipam";

    /// <summary>As Calico's plugin names it.</summary>
    public static string HandleOf(CniCall call) => $"{call.NetworkName}.{call.ContainerId}";

    private readonly List<AssignedAddress> assigned = [];

    private string HandleId => HandleOf(call);

    /// <summary>Assigns the addresses asked for by name, else one of each family that is wanted; all of them or none.</summary>
    public async Task<List<IpAddress>> AssignAsync(CancellationToken stop)
    {
        List<IpAddress> wanted = [.. Wanted()];
        using HostLock turn = await HostLock.TakeAsync(cluster.Configuration.Get(CniSettings.IpamLockFile), stop);
        try
        {
            await (wanted.Count > 0 ? AssignAsync(wanted, stop) : AssignAnyAsync(stop));
            return [.. assigned.Select(address => address.Address)];
        }
        catch (CniException)
        {
            // Half of what was asked for is of no use. (When etcd fails, DEL, which follows a failed ADD, releases it.)
            await cluster.Ipam.ReleaseAsync([.. assigned.Select(address => new ReleaseTarget(address.Address, HandleId, address.Sequence))], stop);
            throw;
        }
    }

    /// <summary>Fails when an address is not this container's.</summary>
    public async Task CheckAsync(IReadOnlyList<IpAddress> addresses, CancellationToken stop)
    {
        IEnumerable<KeyRange> keys = addresses.SelectMany(address => AddressRelease.Keys(new ReleaseTarget(address))).Distinct().Select(key => KeyRange.Single(key.ToEtcdKey()));
        IpamPicture picture = new();
        foreach (EtcdEntry entry in (await cluster.Etcd.SnapshotAsync(keys, stop)).Entries) picture.Add(entry.Key.Span, entry.Value, entry.ModRevision);
        foreach (IpAddress address in addresses)
        {
            if (AddressRelease.HolderOf(address, picture) != HandleId)
                throw new CniException(CniCode.Different, $"{address} is not assigned to {HandleId}");
        }
    }

    private async Task AssignAsync(List<IpAddress> wanted, CancellationToken stop)
    {
        foreach (IpAddress address in wanted)
        {
            SpecificOutcome outcome = await cluster.Ipam.AssignAsync(new SpecificRequest
            {
                Owner = BlockOwner.Host(cluster.Node),
                Address = address,
                HandleId = HandleId,
                Attributes = Attributes(),
                Now = cluster.Ipam.Now,
            }, stop);
            assigned.Add(outcome.Assigned ?? throw new CniException(CniCode.NoAddress, outcome.Message));
        }
    }

    private async Task AssignAnyAsync(CancellationToken stop)
    {
        bool v4 = CniJson.Flag(call.Ipam, "assign_ipv4") ?? true, v6 = CniJson.Flag(call.Ipam, "assign_ipv6") ?? false;
        LikelyBlocks likely = new(cluster.Node);
        Assignment assignment = await cluster.Ipam.AssignAsync(new AddressRequest
        {
            Owner = BlockOwner.Host(cluster.Node),
            HandleId = HandleId,
            Attributes = Attributes(),
            Ipv4 = v4 ? 1 : 0,
            Ipv6 = v6 ? 1 : 0,
            Pools = await PoolsAsync(stop),
            Namespace = workload.Namespace,
            Now = cluster.Ipam.Now,
        }, likely.Read(), stop);
        assigned.AddRange([.. assignment.Ipv4, .. assignment.Ipv6]);
        if ((assignment.Ipv4Shortage ?? assignment.Ipv6Shortage) is { } shortage) throw new CniException(CniCode.NoAddress, shortage.Message);
        likely.Write(assigned.Select(address => address.Block));
    }

    private IEnumerable<IpAddress> Wanted()
    {
        string one = call.Arguments["IP"];
        string[] texts = one.Length > 0 ? one.Split(',') : [.. CniJson.Texts(call.Extra, "ips").Concat(CniJson.Texts(call.Runtime, "ips"))];
        foreach (string text in texts)
            yield return IpAddress.TryParse(text.Split('/')[0], out IpAddress address) ? address : throw new CniException(CniCode.Configuration, $"'{text}' is asked for and is not an address");
    }

    /// <summary>Pools by CIDR, or by name, which takes one more reading.</summary>
    private async Task<EquatableArray<Cidr>> PoolsAsync(CancellationToken stop)
    {
        List<Cidr> pools = [];
        foreach (string pool in CniJson.Texts(call.Ipam, "ipv4_pools").Concat(CniJson.Texts(call.Ipam, "ipv6_pools")))
        {
            if (!Cidr.TryParse(pool, out Cidr cidr))
            {
                ResourceKey key = new(ResourceKind.IPPool, null, pool);
                EtcdEntry? entry = pool.Contains('/', StringComparison.Ordinal) ? null : (await cluster.Etcd.GetAsync(key.ToEtcdKey(), stop)).Entry;
                if (entry is null || ResourceCodec.Decode(key, entry.Value.Value).Resource is not IpPool found)
                    throw new CniException(CniCode.Configuration, $"ipam: there is no pool {pool}");
                cidr = found.Cidr;
            }
            pools.Add(cidr);
        }
        return pools.ToEquatableArray();
    }

    private LabelMap Attributes()
    {
        LabelMap attributes = LabelMap.Create(new("node", cluster.Node), new KeyValuePair<string, string>("timestamp", cluster.Ipam.Now.Attribute));
        return workload.Pod.Length == 0 ? attributes : attributes.With("namespace", workload.Namespace).With("pod", workload.Pod);
    }
}
