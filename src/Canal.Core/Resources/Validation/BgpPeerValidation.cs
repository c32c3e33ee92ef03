using System.Globalization;
using Canal.Core.Addressing;

namespace Canal.Core.Resources;

/// <summary>The rules about BGP peers.</summary>
internal static class BgpPeerValidation
{
    public static void Check(Checked spec)
    {
        IpFamily? family = PeerIp(spec);
        uint? number = spec.AutonomousSystem("asNumber");
        spec.AutonomousSystem("localASNumber");
        foreach (string field in (string[])["nodeSelector", "peerSelector", "localWorkloadSelector"]) spec.Selector(field);
        Name(spec, "node");
        Excludes(spec, "node", "nodeSelector");
        Excludes(spec, "peerIP", "peerSelector");
        if (spec.Has("peerSelector") && number is > 0) spec.Fail("asNumber", "must not stand beside peerSelector: it comes from the nodes");
        Workloads(spec, number);
        NextHop(spec);
        ReachableBy(spec, family);
        spec.OneOf("sourceAddress", "UseNodeIP", "None");
        spec.OneOf("reversePeering", "Auto", "Manual");
        spec.Duration("maxRestartTime");
        spec.Duration("keepaliveTime");
        spec.Integer("numAllowedLocalASNumbers", 0, int.MaxValue);
        spec.Integer("ttlSecurity", 0, byte.MaxValue);
        foreach ((string path, string text) in spec.Texts("filters"))
            if (!Names.IsName(text)) spec.Findings.Add(path, $"{Problem.Quote(text)} is not a BGPFilter's name{Names.OfResources}");
        BgpValidation.Password(spec, "password");
    }

    private static void Name(Checked spec, string field)
    {
        string name = spec.Text(field);
        if (name.Length > 0 && !Names.IsName(name)) spec.Fail(field, $"{Problem.Quote(name)} is not a node's name{Names.OfResources}");
    }

    private static void Excludes(Checked spec, string one, string other)
    {
        if (spec.Has(one) && spec.Has(other)) spec.Fail(other, $"must not stand beside {one}");
    }

    private static void Workloads(Checked spec, uint? number)
    {
        if (!spec.Has("localWorkloadSelector")) return;
        Excludes(spec, "localWorkloadSelector", "peerIP");
        Excludes(spec, "localWorkloadSelector", "peerSelector");
        if (number is null or 0) spec.Fail("asNumber", "is missing: localWorkloadSelector needs it");
    }

    private static void NextHop(Checked spec)
    {
        spec.OneOf("nextHopMode", "Auto", "Self", "Keep");
        if (spec.Flag("keepOriginalNextHop") && spec.Has("nextHopMode")) spec.Fail("keepOriginalNextHop", "must not stand beside nextHopMode, which says the same better");
    }

    private static void ReachableBy(Checked spec, IpFamily? family)
    {
        if (spec.Address("reachableBy", null) is not { } gateway) return;
        if (!spec.Has("peerIP")) spec.Fail("reachableBy", "needs peerIP");
        else if (family is { } known && gateway.Family != known) spec.Fail("reachableBy", "is not of the family of peerIP");
    }

    /// <summary>Notes what is neither an address nor one with a port; the family of a good one.</summary>
    private static IpFamily? PeerIp(Checked spec)
    {
        string text = spec.Text("peerIP");
        if (text.Length == 0) return null;
        if (TryParse(text, out IpAddress address)) return address.Family;
        spec.Fail("peerIP", $"{Problem.Quote(text)} is not an address: a.b.c.d, a.b.c.d:port, an IPv6 address, or [IPv6 address]:port with a port from 1 to 65535");
        return null;
    }

    private static bool TryParse(ReadOnlySpan<char> text, out IpAddress address)
    {
        if (IpAddress.TryParse(text, out address)) return true;
        int colon = text.LastIndexOf(':');
        if (colon < 0 || !ushort.TryParse(text[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out ushort port) || port == 0) return false;
        ReadOnlySpan<char> host = text[..colon];
        bool bracketed = host.StartsWith('[') && host.EndsWith(']');
        return IpAddress.TryParse(bracketed ? host[1..^1] : host, out address) && bracketed == (address.Family == IpFamily.V6);
    }
}
