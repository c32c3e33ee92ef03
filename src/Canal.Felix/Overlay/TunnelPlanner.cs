using Canal.Core.Addressing;
using Canal.Core.Overlay;
using Canal.Felix.Configuration;
using Canal.Linux.Routing;
using Canal.Linux.Tunnels;

namespace Canal.Felix.Overlay;

/// <summary>Decides which tunnel devices this host needs, and the MTU of its workloads. Pure.</summary>
internal static class TunnelPlanner
{
    private const uint VxlanOverheadV4 = 50;
    private const uint VxlanOverheadV6 = 70;
    private const uint IpipOverhead = 20;

    /// <summary>The devices. One that lacks the host's address, its link or the tunnel's address waits: it could not be addressed by anyone.</summary>
    public static List<TunnelDevice> Devices(ClusterNetwork network, FelixParameters parameters, Underlay underlay)
    {
        List<TunnelDevice> devices = [];
        if (network.Self is not { } self) return devices;
        uint mtu = underlay.Mtu(parameters.Network.MtuInterfacePattern);
        foreach (IpFamily family in (ReadOnlySpan<IpFamily>)[IpFamily.V4, IpFamily.V6])
            if (network.UsesVxlan(family) && Vxlan(self.Ends(family), family, parameters, underlay, mtu) is { } device) devices.Add(device);
        if (network.UsesIpip && self.V4.IpipAddress is { } ipip) devices.Add(Ipip(ipip, parameters, mtu));
        return devices;
    }

    /// <summary>What a workload may send in one packet, whichever way it goes.</summary>
    public static uint WorkloadMtu(ClusterNetwork network, FelixParameters parameters, Underlay underlay)
    {
        uint host = underlay.Mtu(parameters.Network.MtuInterfacePattern), smallest = host;
        if (network.UsesVxlan(IpFamily.V4)) smallest = Math.Min(smallest, VxlanMtu(IpFamily.V4, parameters, host));
        if (network.UsesVxlan(IpFamily.V6)) smallest = Math.Min(smallest, VxlanMtu(IpFamily.V6, parameters, host));
        if (network.UsesIpip) smallest = Math.Min(smallest, IpipMtu(parameters, host));
        foreach (WireGuardFamily family in parameters.Network.WireGuard.Families)
            if (family.IsEnabled) smallest = Math.Min(smallest, family.MtuOf(host));
        return smallest;
    }

    private static TunnelDevice? Vxlan(NodeEnds ends, IpFamily family, FelixParameters parameters, Underlay underlay, uint hostMtu)
    {
        if (ends.Host is not { } host || ends.VxlanAddress is not { } address || underlay.Carrying(host.Address) is not { } parent) return null;
        return new TunnelDevice(new Link
        {
            Name = TunnelNames.Vxlan(family),
            Kind = "vxlan",
            Mac = ends.VxlanMac,
            Mtu = VxlanMtu(family, parameters, hostMtu),
            Detail = new VxlanDetail(parameters.Network.VxlanVni, parameters.VxlanPort, host.Address, parent.Index, Learning: false),
        }, [address]);
    }

    private static TunnelDevice Ipip(IpAddress address, FelixParameters parameters, uint hostMtu) =>
        new(new Link { Name = TunnelNames.Ipip, Kind = "ipip", Mtu = IpipMtu(parameters, hostMtu), Detail = new IpipDetail(null, null, 0) }, [address]);

    private static uint VxlanMtu(IpFamily family, FelixParameters parameters, uint hostMtu)
    {
        uint wanted = family == IpFamily.V4 ? parameters.Network.VxlanMtu : parameters.Network.VxlanMtuV6;
        return wanted != 0 ? wanted : hostMtu - (family == IpFamily.V4 ? VxlanOverheadV4 : VxlanOverheadV6);
    }

    private static uint IpipMtu(FelixParameters parameters, uint hostMtu) => parameters.Network.IpipMtu != 0 ? parameters.Network.IpipMtu : hostMtu - IpipOverhead;
}
