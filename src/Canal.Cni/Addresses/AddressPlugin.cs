using Canal.Core.Addressing;
using Canal.Workloads;

namespace Canal.Cni;

/// <summary><c>canal-ipam</c>: addresses from the cluster's pools, for whatever plugin asks.</summary>
internal sealed class AddressPlugin : CniPlugin
{
    public override async Task<CniResult> AddAsync(CniCall call, CancellationToken stop)
    {
        await using Cluster cluster = new(CniSettings.Load(call));
        await cluster.ReadAsync([], stop);
        await cluster.CatchUpAsync(stop);
        List<IpAddress> addresses = await new PoolAddresses(cluster, call, Workload.Of(call)).AssignAsync(stop);
        return new CniResult { Addresses = [.. addresses.Select(address => new CniAddress(address, address.Family.Bits, null, null))] };
    }

    public override async Task DeleteAsync(CniCall call, CancellationToken stop)
    {
        await using Cluster cluster = new(CniSettings.Load(call));
        await cluster.DeleteAsync(new PendingDelete(call.ContainerId, null, PoolAddresses.HandleOf(call)), stop);
    }

    public override async Task CheckAsync(CniCall call, CancellationToken stop)
    {
        await using Cluster cluster = new(CniSettings.Load(call));
        await new PoolAddresses(cluster, call, Workload.Of(call)).CheckAsync([.. call.Previous!.Addresses.Select(address => address.Address)], stop);
    }

    public override async Task CollectAsync(CniCall call, CancellationToken stop)
    {
        await using Cluster cluster = new(CniSettings.Load(call));
        await new Collection(cluster, call).ReleaseAddressesAsync(stop);
    }

    public override async Task StatusAsync(CniCall call, CancellationToken stop) => await Readiness.CheckAsync(call, stop);
}
