using System.Text.Json.Nodes;
using Canal.Core.Addressing;
using Canal.Core.Ipam;
using Canal.Core.Resources;
using Canal.Datastore;
using Canal.Workloads;
using Serilog;

namespace Canal.Docker;

/// <summary>Docker's IpamDriver: addresses come from the cluster's pools, block by block, as everybody else's.</summary>
internal sealed class AddressDriver(Cluster cluster, AbandonedAddresses abandoned, ILogger log)
{
    private const string AnyV4 = "CanalPoolIPv4", AnyV6 = "CanalPoolIPv6";
    private const string Gateway = "com.docker.network.gateway", MacOption = "com.docker.network.endpoint.macaddress", Kind = "RequestAddressType";

    private LabelMap Attributes => LabelMap.Create(
        KeyValuePair.Create("node", cluster.Node), KeyValuePair.Create("type", Cluster.Orchestrator), KeyValuePair.Create("timestamp", cluster.Ipam.Now.Attribute));

    /// <summary>A network names the range of an IPPool, or none and takes from all.</summary>
    public async Task<JsonObject> RequestPoolAsync(JsonObject request, CancellationToken stop)
    {
        bool six = request.Flag("V6");
        string range = request.Text("Pool"), any = six ? "::/0" : "0.0.0.0/0";
        if (request.Text("SubPool").Length > 0) throw new DriverException("--ip-range cannot be asked for: make an IPPool of it");
        if (request.Object("Options").FirstOrDefault().Key is { } option) throw new DriverException($"--ipam-opt {Problem.Quote(option)}: there are none");
        if (range.Length > 0) range = (await FindPoolAsync(range, stop)).ToString();
        // Such a gateway tells Docker to ask for no address for one: containers send to the host, at a link-local one.
        return new JsonObject
        {
            ["PoolID"] = range.Length > 0 ? range : six ? AnyV6 : AnyV4,
            ["Pool"] = range.Length > 0 ? range : any,
            ["Data"] = new JsonObject { [Gateway] = any },
        };
    }

    public async Task<JsonObject> RequestAddressAsync(JsonObject request, CancellationToken stop)
    {
        JsonObject options = request.Object("Options");
        if (options.Text(Kind) == Gateway) throw new DriverException("gateways have no addresses here: leave --gateway away");
        IpAddress? wanted = request.Text("Address") is { Length: > 0 } text ? Fields.Address(text) : null;
        AddressRange range = AddressRange.Of(request.Text("PoolID"));
        if (wanted is { } one && !range.Contains(one)) throw new DriverException($"{one} is not in {range}");
        // An address whose release is still to be done must not be assigned before, and released afterwards.
        await cluster.CatchUpAsync(stop);
        string handle = HandleOf(options);
        IpAddress address = await abandoned.AgainAsync(() => AssignedBeforeAsync(handle, range, wanted, stop), stop)
            ?? (wanted is { } asked ? await AssignAsync(asked, handle, stop) : await AssignAsync(range, handle, stop));
        return new JsonObject { ["Address"] = new Cidr(address).ToString(), ["Data"] = new JsonObject() };
    }

    /// <summary>Nobody's, or somebody else's, stays as it is. Docker asks only once: without etcd it is done later.</summary>
    public async Task<JsonObject> ReleaseAddressAsync(JsonObject request, CancellationToken stop)
    {
        IpAddress address = Fields.Address(request.Text("Address"));
        if (await cluster.DeleteAsync(new PendingDelete("", null, null) { Address = address, HandlePrefix = cluster.Handle }, stop) is { } reason)
            log.Warning("{Reason}; {Address} is released later", reason, address);
        return [];
    }

    /// <summary>One for each container, by its hardware address, so that a request that comes again is known. Docker tells none for addresses that a network reserves.</summary>
    private string HandleOf(JsonObject options) => MacAddress.TryParse(options.Text(MacOption), out MacAddress mac) ? $"{cluster.Handle}.{mac.ToString().Replace(":", "", StringComparison.Ordinal)}" : cluster.Handle;

    /// <summary>The answer to the same request may have been lost: what it assigned is no container's yet.</summary>
    private async Task<IpAddress?> AssignedBeforeAsync(string handle, AddressRange range, IpAddress? wanted, CancellationToken stop)
    {
        if (handle == cluster.Handle) return null;
        IpAddress[] held = [.. (await cluster.Ipam.HeldAsync(handle, stop)).Where(one => range.Contains(one) && one == (wanted ?? one))];
        if (held.Length == 0) return null;
        HashSet<IpAddress> used = await cluster.AddressesInUseAsync(stop);
        return held.Where(one => !used.Contains(one)).Select(one => (IpAddress?)one).FirstOrDefault();
    }

    private async Task<IpAddress> AssignAsync(IpAddress wanted, string handle, CancellationToken stop)
    {
        SpecificRequest request = new() { Owner = BlockOwner.Host(cluster.Node), Address = wanted, HandleId = handle, Attributes = Attributes, Now = cluster.Ipam.Now };
        SpecificOutcome outcome = await cluster.Ipam.AssignAsync(request, stop);
        return outcome.Assigned?.Address ?? throw new DriverException(outcome.Message);
    }

    private async Task<IpAddress> AssignAsync(AddressRange range, string handle, CancellationToken stop)
    {
        Assignment got = await cluster.Ipam.AssignAsync(new AddressRequest
        {
            Owner = BlockOwner.Host(cluster.Node),
            HandleId = handle,
            Attributes = Attributes,
            Ipv4 = range.Family == IpFamily.V4 ? 1 : 0,
            Ipv6 = range.Family == IpFamily.V6 ? 1 : 0,
            Pools = range.Pool is { } pool ? [pool] : default,
            Now = cluster.Ipam.Now,
        }, [], stop);
        if ((got.Ipv4Shortage ?? got.Ipv6Shortage) is { } shortage) throw new DriverException(shortage.Message);
        return (range.Family == IpFamily.V4 ? got.Ipv4 : got.Ipv6)[0].Address;
    }

    private async Task<Cidr> FindPoolAsync(string text, CancellationToken stop)
    {
        if (!Cidr.TryParse(text, out Cidr wanted)) throw new DriverException($"{Problem.Quote(text)} is not a range of addresses");
        await foreach (EtcdPage page in cluster.Etcd.ListAsync(KeyRange.Prefix(ResourceKinds.Of(ResourceKind.IPPool).Prefix), stop))
            foreach (EtcdEntry entry in page.Entries.ToArray())
                if (ResourceKey.TryParse(entry.Key.Span, out ResourceKey key, out _) && ResourceCodec.Decode(key, entry.Value).Resource is IpPool pool && pool.Cidr == wanted) return wanted;
        throw new DriverException($"there is no IPPool of {wanted}: make one, or leave --subnet away");
    }

    /// <summary>What Docker calls a pool.</summary>
    /// <param name="Family">Of its addresses.</param>
    /// <param name="Pool">The range of an IPPool; null: all pools that select this host.</param>
    private readonly record struct AddressRange(IpFamily Family, Cidr? Pool)
    {
        public static AddressRange Of(string id) => id switch
        {
            AnyV4 => new AddressRange(IpFamily.V4, null),
            AnyV6 => new AddressRange(IpFamily.V6, null),
            _ => Cidr.TryParse(id, out Cidr pool) ? new AddressRange(pool.Family, pool) : throw new DriverException($"PoolID: {Problem.Quote(id)} is not this driver's"),
        };

        public bool Contains(IpAddress address) => address.Family == Family && (Pool is not { } pool || pool.Contains(address));

        public override string ToString() => Pool?.ToString() ?? $"the pools of {(Family == IpFamily.V4 ? "IPv4" : "IPv6")}";
    }
}
