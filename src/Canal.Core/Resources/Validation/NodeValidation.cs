using Canal.Core.Addressing;

namespace Canal.Core.Resources;

/// <summary>The rules about nodes and what is asked about them.</summary>
internal static class NodeValidation
{
    private const int KeyBytes = 32;
    private const long SecondsOfDay = 86400;

    public static void Check(Checked spec)
    {
        if (spec.Object("bgp") is { } bgp) Bgp(spec, bgp);
        spec.Address("ipv4VXLANTunnelAddr", IpFamily.V4);
        spec.Address("ipv6VXLANTunnelAddr", IpFamily.V6);
        spec.Mac("vxlanTunnelMACAddr");
        spec.Mac("vxlanTunnelMACAddrV6");
        if (spec.Object("wireguard") is { } wireGuard)
        {
            wireGuard.Address("interfaceIPv4Address", IpFamily.V4);
            wireGuard.Address("interfaceIPv6Address", IpFamily.V6);
        }
        foreach (Checked address in spec.Objects("addresses")) Address(address);
        foreach (Checked reference in spec.Objects("orchRefs")) reference.Require("orchestrator");
    }

    private static void Bgp(Checked spec, Checked bgp)
    {
        if (bgp.Node.Count == 0) spec.Fail("bgp", "is empty: leave it out, or give the node an address");
        bgp.AutonomousSystem("asNumber");
        bgp.Network("ipv4Address", IpFamily.V4);
        bgp.Network("ipv6Address", IpFamily.V6);
        bgp.Address("ipv4IPIPTunnelAddr", IpFamily.V4);
        bgp.Address("routeReflectorClusterID", IpFamily.V4);
    }

    private static void Address(Checked address)
    {
        string text = address.Text("address");
        if (!Cidr.TryParse(text, out _)) address.Fail("address", text.Length == 0 ? "is missing" : $"{Problem.Quote(text)} is not an address or CIDR");
        address.OneOf("type", "CalicoNodeIP", "InternalIP", "ExternalIP");
    }

    public static void Status(Checked status)
    {
        foreach (string field in (string[])["wireguardPublicKey", "wireguardPublicKeyV6"])
        {
            string text = status.Text(field);
            if (text.Length > 0 && !IsKey(text)) status.Fail(field, $"{Problem.Quote(text)} is not a WireGuard key: {KeyBytes} bytes in base 64");
        }
    }

    private static bool IsKey(string text)
    {
        Span<byte> key = stackalloc byte[KeyBytes + 2];
        return text.Length <= 44 && Convert.TryFromBase64String(text, key, out int length) && length == KeyBytes;
    }

    /// <summary>A CalicoNodeStatus: what a node is to report, and how often.</summary>
    public static void StatusRequest(Checked spec)
    {
        spec.Require("node");
        spec.Require("classes");
        PolicyValidation.Unique(spec, "classes", "Agent", "BGP", "Routes");
        if (spec.Node["updatePeriodSeconds"] is null) spec.Fail("updatePeriodSeconds", "is missing");
        spec.Integer("updatePeriodSeconds", 0, SecondsOfDay);
    }
}
