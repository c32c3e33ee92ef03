using System.Text.Json.Nodes;
using Canal.Core.Addressing;
using Canal.Hosting;
using Canal.Linux.Netlink;
using Canal.Workloads;

namespace Canal.Cni;

/// <summary><c>canal</c>: gives a container an interface that is under policy.</summary>
internal sealed class EndpointPlugin : CniPlugin
{
    public override async Task<CniResult> AddAsync(CniCall call, CancellationToken stop)
    {
        await using Cluster cluster = new(CniSettings.Load(call));
        if (!call.HasIpam && !call.IsChained) throw new CniException(CniCode.Configuration, "ipam.type: is missing, and no plugin before this one has made an interface");
        EndpointStore endpoints = new(cluster, call, Workload.Of(call));
        await endpoints.ReadAsync(stop);
        await cluster.CatchUpAsync(stop);
        return call.IsChained ? await AdoptAsync(cluster, call, endpoints, stop) : await AddAsync(cluster, call, endpoints, stop);
    }

    public override async Task DeleteAsync(CniCall call, CancellationToken stop)
    {
        await using Cluster cluster = new(CniSettings.Load(call));
        Workload workload = Workload.Of(call);
        EndpointIdentity identity = EndpointIdentity.Of(call, workload, cluster.Node);
        // The kernel takes longer for the pair of interfaces than etcd for the endpoint, and either may be first: an interface without an endpoint is denied
        // everything. The address comes after both: it never has two owners.
        bool owned = !call.IsChained || call.HasIpam, own = Ipam(call) == PoolAddresses.Type;
        Task gone = owned ? Task.Run(() => ContainerLink.Delete(identity.HostInterface, call.Netns, call.IfName), stop) : Task.CompletedTask;
        await cluster.DeleteAsync(new PendingDelete(call.ContainerId, identity.Key, own ? PoolAddresses.HandleOf(call) : null), gone, stop);
        if (!own && Ipam(call).Length > 0) await OtherPlugin.RunAsync(Ipam(call), call, "DEL", stop);
    }

    public override async Task CheckAsync(CniCall call, CancellationToken stop)
    {
        await using Cluster cluster = new(CniSettings.Load(call));
        EndpointStore endpoints = new(cluster, call, Workload.Of(call));
        await endpoints.ReadAsync(stop);
        IpAddress[] addresses = [.. call.Previous!.Addresses.Select(address => address.Address)];
        endpoints.Check(addresses);
        ContainerLink.Check(endpoints.Identity.HostInterface, call.Netns, call.IfName, addresses);
        if (Ipam(call) == PoolAddresses.Type) await new PoolAddresses(cluster, call, endpoints.Workload).CheckAsync(addresses, stop);
        else if (Ipam(call).Length > 0) await OtherPlugin.RunAsync(Ipam(call), call, "CHECK", stop);
    }

    public override async Task CollectAsync(CniCall call, CancellationToken stop)
    {
        await using Cluster cluster = new(CniSettings.Load(call));
        Collection collection = new(cluster, call);
        await collection.DeleteEndpointsAsync(stop);
        if (Ipam(call) == PoolAddresses.Type) await collection.ReleaseAddressesAsync(stop);
        else await ForwardAsync(call, "GC", stop);
    }

    public override async Task StatusAsync(CniCall call, CancellationToken stop)
    {
        await Readiness.CheckAsync(call, stop);
        if (Ipam(call) != PoolAddresses.Type) await ForwardAsync(call, "STATUS", stop);
    }

    private static string Ipam(CniCall call) => CniJson.Text(call.Ipam, "type");

    // Plugins older than version 1.1 of the specification do not know the command, and have nothing to do then.
    private static async Task ForwardAsync(CniCall call, string command, CancellationToken stop)
    {
        if (Ipam(call).Length == 0) return;
        try
        {
            await OtherPlugin.RunAsync(Ipam(call), call, command, stop);
        }
        catch (CniException e) when (e.Code == CniCode.Environment)
        {
        }
    }

    private static async Task<CniResult> AddAsync(Cluster cluster, CniCall call, EndpointStore endpoints, CancellationToken stop)
    {
        ContainerLink link = new(call, endpoints.Identity.HostInterface, (int)cluster.Configuration.Get(CniSettings.Mtu));
        // The kernel takes as long to make the pair of interfaces as etcd to give an address.
        Task create = Task.Run(link.Create, stop);
        try
        {
            CniResult addresses;
            try
            {
                addresses = await AddressesAsync(cluster, call, endpoints, stop);
                if (addresses.Addresses.Count == 0) throw new CniException(CniCode.NoAddress, $"{Ipam(call)} gave no address");
            }
            finally
            {
                await create;
            }
            link.Use(addresses);
            return await ConnectAsync(cluster, call, endpoints, link, addresses.Dns, stop);
        }
        catch (Exception e)
        {
            await UndoAsync(cluster, call, endpoints, e);
            throw;
        }
    }

    /// <summary>The same container asked for twice keeps what it has.</summary>
    private static async Task<CniResult> AddressesAsync(Cluster cluster, CniCall call, EndpointStore endpoints, CancellationToken stop)
    {
        string type = Ipam(call);
        if (type == PoolAddresses.Type)
        {
            IReadOnlyList<IpAddress> addresses = endpoints.AddressesOfThisContainer();
            if (addresses.Count == 0) addresses = await new PoolAddresses(cluster, call, endpoints.Workload).AssignAsync(stop);
            return new CniResult { Addresses = [.. addresses.Select(address => new CniAddress(address, address.Family.Bits, null, null))] };
        }
        JsonObject answer = await OtherPlugin.RunAsync(type, call, "ADD", stop) ?? throw new CniException(CniCode.Decode, $"{type} gave no result");
        return CniResult.Read(answer);
    }

    private static async Task<CniResult> ConnectAsync(Cluster cluster, CniCall call, EndpointStore endpoints, ContainerLink link, JsonObject? dns, CancellationToken stop)
    {
        // The endpoint goes to etcd while the container is configured; canal-felix takes whichever comes first.
        Task put = endpoints.PutAsync(link.Addresses, link.Mac, stop);
        try
        {
            link.Configure(CniJson.Flag(CniJson.Object(call.Config, "container_settings"), "allow_ip_forwarding") ?? false);
        }
        finally
        {
            await put;
        }
        await WaitForPolicyAsync(cluster.Configuration, endpoints.Identity, link.Mac, link.Addresses, stop);
        return link.Result(dns);
    }

    private static async Task<CniResult> AdoptAsync(Cluster cluster, CniCall call, EndpointStore endpoints, CancellationToken stop)
    {
        CniResult before = call.Previous!;
        IpAddress[] addresses = [.. before.Addresses.Select(address => address.Address)];
        if (addresses.Length == 0) throw new CniException(CniCode.Configuration, "prevResult: has no address, and there is no ipam");
        AdoptedLink link = AdoptedLink.Find(call.Netns, call.IfName, endpoints.Identity.HostInterface);
        await endpoints.PutAsync(addresses, link.Mac, stop);
        link.Adopt();
        await WaitForPolicyAsync(cluster.Configuration, endpoints.Identity, link.Mac, addresses, stop);
        return link.Result(before);
    }

    /// <exception cref="CniException">The time is over, and the container is not to start then.</exception>
    private static async Task WaitForPolicyAsync(Configuration configuration, EndpointIdentity identity, MacAddress mac, IReadOnlyList<IpAddress> addresses, CancellationToken stop)
    {
        TimeSpan limit = configuration.Get(CniSettings.PolicyTimeout);
        PolicyWait wait = new(configuration.Get(CniSettings.EndpointStatusDirectory), identity.Key, identity.Name, identity.HostInterface, mac, addresses);
        if (await wait.RunAsync(limit, stop)) return;
        if (limit > TimeSpan.Zero && !configuration.Get(CniSettings.PolicyTimeoutAction))
            throw new CniException(CniCode.TryLater, $"canal-felix did not program {identity.HostInterface} within {limit.TotalSeconds:0.#} s", $"{wait.File} does not tell of it; is canal-felix running?");
        // Nobody else is waited for.
        HostInterface.AddRoutes(identity.HostInterface, addresses);
    }

    // A failed ADD leaves nothing, though DEL will follow.
    private static async Task UndoAsync(Cluster cluster, CniCall call, EndpointStore endpoints, Exception reason)
    {
        using CancellationTokenSource enough = new(TimeSpan.FromSeconds(10));
        try
        {
            ContainerLink.Delete(endpoints.Identity.HostInterface, call.Netns, call.IfName);
            bool own = Ipam(call) == PoolAddresses.Type;
            await cluster.DeleteAsync(new PendingDelete(call.ContainerId, endpoints.Identity.Key, own ? PoolAddresses.HandleOf(call) : null), enough.Token);
            if (!own) await OtherPlugin.RunAsync(Ipam(call), call, "DEL", enough.Token);
        }
        catch (Exception e) when (e is CniException or NetlinkException or OperationCanceledException or IOException)
        {
            await Console.Error.WriteLineAsync($"canal: after {reason.Message}: {e.Message}");
        }
    }
}
