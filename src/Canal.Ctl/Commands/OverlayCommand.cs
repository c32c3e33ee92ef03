using System.CommandLine;
using Canal.Core.Addressing;
using Canal.Core.Ipam;
using Canal.Core.Overlay;
using Canal.Core.Resources;
using Canal.Hosting;

namespace Canal.Ctl;

/// <summary><c>canalctl overlay</c>: how one host should reach the others' workloads, computed from etcd as the host itself does.</summary>
internal sealed class OverlayCommand
{
    /// <summary>Hosts that are tried at once.</summary>
    private const int Together = 64;

    private static readonly string[] Header = ["DESTINATION", "NODE", "WAY", "VIA", "WRITTEN-BY"];

    private readonly GlobalOptions options;
    private readonly Surroundings around;
    private readonly Option<string> node = new("--node") { Description = "The host; this one's node_name unless given.", HelpName = "NODE" };

    private readonly Option<string> prefix = new("--flannel-prefix") { Description = "etcd_prefix of canal-flannel-bridge.", HelpName = "PREFIX", DefaultValueFactory = _ => "/coreos.com/network" };

    private readonly Argument<string[]> hosts = new("ADDRESS") { Description = "Addresses in the tunnels of the other hosts, such as the first of a flannel host's subnet; those of the VXLAN pools' hosts unless given.", Arity = ArgumentArity.ZeroOrMore };

    public OverlayCommand(GlobalOptions options, Surroundings around)
    {
        (this.options, this.around) = (options, around);
        Command status = new("status", "Show the routes that a host should have to the others' workloads, and who writes them.") { node };
        status.SetAction(StatusAsync);
        Command leases = new("leases", "Show which host leases which subnet of the flannel network.") { prefix };
        leases.SetAction(LeasesAsync);
        Command check = new("check", "Try, from this host, whether checksums that tunnels leave open arrive at the others. Ends with 1 where they do not.") { hosts };
        check.SetAction(CheckAsync);
        Definition = new Command("overlay", "Show how hosts reach each other's workloads.") { status, leases, check };
    }

    public Command Definition { get; }

    private async Task<int> StatusAsync(ParseResult parsed, CancellationToken stop)
    {
        string self = parsed.GetValue(node) ?? Connection.NodeName(parsed, options, around);
        await using Connection connection = await Connection.OpenAsync(parsed, options, around, stop);
        (ClusterNetwork network, ClusterRoutes ofFelix) = await ReadAsync(connection, self, stop);
        if (network.Self is null)
            throw new CommandException(ExitCode.Failure, $"there is no node {Problem.Quote(self)}");
        Dictionary<Cidr, string> owners = [];
        foreach (ClusterNode other in network.Nodes)
        {
            foreach (Cidr destination in network.DestinationsOf(other.Name))
                owners.TryAdd(destination, other.Name);
        }
        List<string[]> rows = [Header];
        foreach (ClusterRoute route in network.Routes.Values.OrderBy(route => route.Destination))
            rows.Add([route.Destination.ToString(), owners.GetValueOrDefault(route.Destination, "-"), Way(route.Class), route.Gateway?.ToString() ?? "-", Writer(route.Class, ofFelix)]);
        TableText.Write(rows, around.Output);
        return ExitCode.Ok;
    }

    private async Task<int> LeasesAsync(ParseResult parsed, CancellationToken stop)
    {
        await using Connection connection = await Connection.OpenAsync(parsed, options, around, stop);
        TableText.Write(await new LeaseTable(connection.Etcd, around).ReadAsync(parsed.GetValue(prefix)!.TrimEnd('/'), stop), around.Output);
        return ExitCode.Ok;
    }

    private async Task<int> CheckAsync(ParseResult parsed, CancellationToken stop)
    {
        IReadOnlyCollection<IpAddress> peers = parsed.GetValue(hosts) is { Length: > 0 } given ? [.. given.Select(Address)] : await PeersAsync(parsed, stop);
        List<string[]> rows = [["HOST", "CHECKSUMS"]];
        bool broken = false;
        foreach (IpAddress[] some in peers.Chunk(Together))
        {
            ChecksumVerdict[] verdicts = await Task.WhenAll(some.Select(peer => ChecksumProbe.TryAsync(peer, TimeProvider.System, stop)));
            foreach ((IpAddress peer, ChecksumVerdict verdict) in some.Zip(verdicts))
                rows.Add([peer.ToString(), verdict switch { ChecksumVerdict.Arrive => "arrive", ChecksumVerdict.Broken => "broken on the way", _ => "unknown: no answer" }]);
            broken |= verdicts.Contains(ChecksumVerdict.Broken);
        }
        TableText.Write(rows, around.Output);
        if (broken) around.Say("turn offload off: featureDetectOverride ChecksumOffloadBroken=true in FelixConfiguration, checksum_offload = \"off\" in flannel-bridge.toml");
        return broken ? ExitCode.Failure : ExitCode.Ok;
    }

    private static IpAddress Address(string text) =>
        IpAddress.TryParse(text, out IpAddress address) ? address : throw new CommandException(ExitCode.Usage, $"{Problem.Quote(text)} is not an address");

    /// <summary>The far ends of this host's VXLAN tunnels, as far as a route goes through them.</summary>
    private async Task<IReadOnlyCollection<IpAddress>> PeersAsync(ParseResult parsed, CancellationToken stop)
    {
        await using Connection connection = await Connection.OpenAsync(parsed, options, around, stop);
        (ClusterNetwork network, _) = await ReadAsync(connection, Connection.NodeName(parsed, options, around), stop);
        return [.. network.Routes.Values.Where(route => route.Class == RouteClass.VxlanTunnel && route.Gateway is not null).Select(route => route.Gateway!.Value).Distinct().Order()];
    }

    /// <summary>The network as if canal-felix wrote all its routes, and which it does write.</summary>
    private async Task<(ClusterNetwork Network, ClusterRoutes OfFelix)> ReadAsync(Connection connection, string self, CancellationToken stop)
    {
        ClusterNetwork network = new(self);
        network.Configure(new NetworkSettings { ProgramClusterRoutes = ClusterRoutes.Enabled });
        ClusterRoutes ofFelix = ClusterRoutes.None;
        foreach (ResourceKind kind in (ResourceKind[])[ResourceKind.IPPool, ResourceKind.Node, ResourceKind.FelixConfiguration])
        {
            foreach (StoredResource stored in (await connection.Resources.ListAsync(ResourceKinds.Of(kind), null, stop)).Resources)
            {
                if (stored.Document?.Decode(stored.Key).Resource is { } resource)
                    network.Apply(resource.Key, resource);
                if (kind == ResourceKind.FelixConfiguration && stored.Key.Name is "default" && stored.Document?.Spec?["programClusterRoutes"]?.ToString() is { } word)
                    ofFelix = word switch { "Enabled" => ClusterRoutes.Enabled, "EnabledIPIPOnly" => ClusterRoutes.EnabledIpipOnly, "EnabledNoEncapOnly" => ClusterRoutes.EnabledNoEncapOnly, _ => ClusterRoutes.None };
            }
        }
        IpamState ipam = await IpamReader.ReadAsync(connection, around, stop);
        foreach (IpamBlock block in ipam.Blocks.Values)
            network.ApplyBlock(block.Cidr, block);
        network.TakeChanges();
        return (network, ofFelix);
    }

    private static string Way(RouteClass way) => way switch
    {
        RouteClass.VxlanTunnel => "VXLAN",
        RouteClass.VxlanSameSubnet => "VXLAN pool, same subnet",
        RouteClass.IpipTunnel => "IP-in-IP",
        RouteClass.IpipSameSubnet => "IP-in-IP pool, same subnet",
        RouteClass.NoEncapsulation => "plain",
        _ => "own block",
    };

    private static string Writer(RouteClass way, ClusterRoutes ofFelix)
    {
        ClusterRoutes needed = way is RouteClass.IpipTunnel or RouteClass.IpipSameSubnet ? ClusterRoutes.EnabledIpipOnly : ClusterRoutes.EnabledNoEncapOnly;
        return way is RouteClass.VxlanTunnel or RouteClass.VxlanSameSubnet || ofFelix.HasFlag(needed) ? "canal-felix" : "BIRD";
    }
}
