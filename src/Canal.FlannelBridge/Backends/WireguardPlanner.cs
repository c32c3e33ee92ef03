using System.Security.Cryptography;
using Canal.Core;
using Canal.Core.Addressing;
using Canal.Core.Flannel;
using Canal.Core.Overlay;
using Canal.Linux.Netlink;
using Canal.Linux.Routing;
using Canal.Linux.Tunnels;
using Canal.Linux.WireGuard;

namespace Canal.FlannelBridge.Backends;

/// <summary>
/// A device for each family, or one for both; the whole network is routed to it, and a peer for each host says which subnets are behind it. Of two leases with
/// one key the newer counts: a host that moved keeps its key.
/// </summary>
internal sealed class WireguardPlanner(WireguardBackend backend, IWireGuard wireGuard, WireguardKeyFile keyFile) : BackendPlanner(backend)
{
    public const string Kind = "wireguard";

    private readonly Dictionary<string, WireguardDevice> devices = new(StringComparer.Ordinal);

    public override IReadOnlyCollection<string> DeviceNames => devices.Keys;

    public override List<TunnelDevice> Devices(PlanInputs inputs)
    {
        List<TunnelDevice> wanted = [];
        foreach (IGrouping<string, FlannelRange> ranges in inputs.Network.Ranges.GroupBy(range => backend.Device(range.Family)))
        {
            devices.TryAdd(ranges.Key, new WireguardDevice(ranges.Key, backend.Port(ranges.First().Family), wireGuard));
            Link link = new() { Name = ranges.Key, Kind = Kind, Mtu = backend.Mtu(inputs.Uplink.Link.Mtu, ranges.First().Family) };
            wanted.Add(new TunnelDevice(link, ranges.Select(range => inputs.DeviceAddress(range.Family)).OfType<IpAddress>().ToEquatableArray()));
        }
        return wanted;
    }

    public override void Configure(PlanInputs inputs, List<string> failures)
    {
        byte[] key = keyFile.Read();
        ForEach(inputs, failures, (device, link) => device.Configure(link, key));
        CryptographicOperations.ZeroMemory(key);
    }

    public override string? Obstacle(PlanInputs inputs) =>
        base.Obstacle(inputs) ?? (devices.Values.FirstOrDefault(d => d.PublicKey.IsNone) is { } keyless ? $"the device {keyless.Name} has no key" : null);

    public override string LeaseData(IpFamily family) => WireguardBackend.LeaseData(devices[backend.Device(family)].PublicKey, backend.Port(family));

    public override void Reach(FlannelLease peer, Cidr subnet, IpAddress host, PlanInputs inputs, KernelPlan plan)
    {
        IpFamily over = backend.Over(subnet.Family, peer, inputs.Uplink.PublicV4, inputs.Uplink.PublicV6);
        if (peer.Public(over) is not { } address) throw new FlannelFormatException($"it has no {(over == IpFamily.V4 ? "IPv4" : "IPv6")} address to speak to");
        (WireGuardKey key, ushort port) = WireguardBackend.Peer(peer.Data(over));
        devices[backend.Device(subnet.Family)].Add(peer, new WireGuardPeer
        {
            Key = key,
            PresharedKey = backend.PresharedKey,
            Endpoint = new WireGuardEndpoint(address, port == 0 ? backend.Port(over) : port),
            KeepAlive = backend.KeepaliveSeconds,
            AllowedIps = [subnet],
        });
    }

    public override KernelPlan Plan(IEnumerable<HeldLease> peers, PlanInputs inputs)
    {
        foreach (WireguardDevice device in devices.Values) device.Forget();
        KernelPlan plan = base.Plan(peers.OrderByDescending(p => p.CreateRevision), inputs);
        foreach (FlannelRange range in inputs.Network.Ranges)
            if (inputs.Device(backend.Device(range.Family)) is { } link) plan.Add(Route.ToLink(range.Network, link));
        // Before the routes are sent: a packet without a peer is an error for whoever sent it.
        ForEach(inputs, plan.Failures, (device, link) => device.SetPeers(link));
        return plan;
    }

    private void ForEach(PlanInputs inputs, List<string> failures, Action<WireguardDevice, int> change)
    {
        foreach (WireguardDevice device in devices.Values)
        {
            try
            {
                if (inputs.Device(device.Name) is { } link) change(device, link);
            }
            catch (NetlinkException e)
            {
                failures.Add($"{device.Name}: {e.Message}");
            }
        }
    }
}
