using Canal.Core.Addressing;
using Canal.Core.Labels;
using Canal.Core.Resources;

namespace Canal.Core.Bgp;

/// <summary>
/// Whether a resource may have a part in BIRD's configuration. Anybody may have written it: what is not understood whole is refused whole, so that nothing
/// in it can become configuration that nobody meant.
/// </summary>
public static class BgpAdmission
{
    /// <summary>BIRD refuses a whole configuration in which a keepalive time is longer than the hold time, 240 s unless it is given.</summary>
    private const int LongestKeepalive = 240;

    /// <summary>12 bits in the capability (RFC 4724).</summary>
    private const int LongestRestart = 4095;

    /// <summary>What is wrong; empty for kinds that BGP has no use for.</summary>
    public static EquatableArray<Problem> Check(Resource resource)
    {
        List<Problem> problems = [];
        void Fail(string path, string sentence) => problems.Add(new Problem(path, sentence));
        switch (resource)
        {
            case Node node: CheckNode(node, Fail); break;
            case BgpConfiguration configuration: CheckConfiguration(configuration, Fail); break;
            case BgpPeer peer: CheckPeer(peer, Fail); break;
            case BgpFilter filter: BgpFilterAdmission.Check(filter, Fail); break;
            default: return [];
        }
        if (!BgpText.IsName(resource.Key.Name)) Fail("metadata.name", $"{Problem.Quote(resource.Key.Name)} may hold letters, digits, '.', '-' and '_' only");
        return problems.ToEquatableArray();
    }

    private static void CheckNode(Node node, Action<string, string> fail)
    {
        if (node.Bgp is not { } bgp) return;
        if (bgp.AsNumber is 0) fail("spec.bgp.asNumber", "must not be 0");
        if (bgp.RouteReflectorClusterId.Length > 0 && !(IpAddress.TryParse(bgp.RouteReflectorClusterId, out IpAddress id) && id.Family == IpFamily.V4))
            fail("spec.bgp.routeReflectorClusterID", $"{Problem.Quote(bgp.RouteReflectorClusterId)} is not an IPv4 address");
        if (bgp.Ipv4Address is { } v4) CheckAddress("spec.bgp.ipv4Address", v4.Address, fail);
        if (bgp.Ipv6Address is { } v6) CheckAddress("spec.bgp.ipv6Address", v6.Address, fail);
    }

    private static void CheckConfiguration(BgpConfiguration configuration, Action<string, string> fail)
    {
        if (configuration.AsNumber is 0) fail("spec.asNumber", "must not be 0");
        foreach (string pattern in configuration.IgnoredInterfaces)
            if (!BgpText.IsInterfacePattern(pattern) || pattern == "*") fail("spec.ignoredInterfaces", $"{Problem.Quote(pattern)} is not a pattern of interface names");
        foreach (BgpCommunity community in configuration.Communities)
            if (!BgpCommunityValue.TryParse(community.Value, out _)) fail("spec.communities", $"{Problem.Quote(community.Value)} is not a community, aa:nn or aa:nn:mm");
        if (configuration.LocalWorkloadPeeringIpV4 is { } v4) CheckAddress("spec.localWorkloadPeeringIPV4", v4, fail);
        if (configuration.LocalWorkloadPeeringIpV6 is { } v6) CheckAddress("spec.localWorkloadPeeringIPV6", v6, fail);
        CheckSeconds("spec.nodeMeshMaxRestartTime", configuration.NodeMeshMaxRestartTime, LongestRestart, fail);
        CheckSecret("spec.nodeMeshPassword", configuration.NodeMeshPassword, fail);
        CheckOneOf("spec.bindMode", configuration.BindMode, ["None", "NodeIP"], fail);
        CheckOneOf("spec.serviceLoadBalancerAggregation", configuration.ServiceLoadBalancerAggregation, ["Enabled", "Disabled"], fail);
        CheckOneOf("spec.programClusterRoutes", configuration.ProgramClusterRoutes, ["Enabled", "Disabled", "EnabledIPIPOnly", "EnabledNoEncapOnly"], fail);
    }

    private static void CheckPeer(BgpPeer peer, Action<string, string> fail)
    {
        PeerAddress address = default;
        if (peer.PeerIp.Length > 0 && !PeerAddress.TryParse(peer.PeerIp, out address)) fail("spec.peerIP", $"{Problem.Quote(peer.PeerIp)} is not an address with or without a port");
        else if (peer.PeerIp.Length > 0 && BgpAddress.WrongAsPeer(address.Address) is { } wrong) fail("spec.peerIP", $"{address.Address} {wrong}");
        if (peer.ReachableBy is { } by) CheckAddress("spec.reachableBy", by, fail);
        if (peer.AsNumber is 0) fail("spec.asNumber", "must not be 0");
        if (peer.LocalAsNumber is 0) fail("spec.localASNumber", "must not be 0");
        CheckSelector("spec.nodeSelector", peer.NodeSelector, fail);
        CheckSelector("spec.peerSelector", peer.PeerSelector, fail);
        if (peer.Node.Length > 0 && peer.NodeSelector.Length > 0) fail("spec.nodeSelector", "cannot be given together with node");
        if (peer.PeerIp.Length > 0 && peer.PeerSelector.Length > 0) fail("spec.peerSelector", "cannot be given together with peerIP");
        CheckSecret("spec.password", peer.Password, fail);
        CheckSeconds("spec.maxRestartTime", peer.MaxRestartTime, LongestRestart, fail);
        CheckSeconds("spec.keepaliveTime", peer.KeepaliveTime, LongestKeepalive, fail);
        CheckOneOf("spec.nextHopMode", peer.NextHopMode, ["Auto", "Self", "Keep"], fail);
        CheckOneOf("spec.sourceAddress", peer.SourceAddress, ["UseNodeIP", "None"], fail);
        CheckOneOf("spec.reversePeering", peer.ReversePeering, ["Auto", "Manual"], fail);
        if (peer.NumAllowedLocalAsNumbers is < 0 or > 255) fail("spec.numAllowedLocalASNumbers", "must be at most 255");
        if (peer.ReachableBy is { } gateway && peer.PeerIp.Length > 0 && gateway.Family != address.Address.Family && address != default)
            fail("spec.reachableBy", "is not of the same family as peerIP");
    }

    private static void CheckAddress(string path, IpAddress address, Action<string, string> fail)
    {
        if (BgpAddress.Wrong(address) is { } wrong) fail(path, $"{address} {wrong}");
    }

    private static void CheckSelector(string path, string text, Action<string, string> fail)
    {
        if (text.Length > 0 && !Selector.TryParse(text, out _, out SelectorError? error)) fail(path, $"{Problem.Quote(text)} is not a selector: {error}");
    }

    private static void CheckSecret(string path, SecretKeyRef? secret, Action<string, string> fail)
    {
        if (secret is not null && !(BgpText.IsPathPart(secret.Name) && BgpText.IsPathPart(secret.Key)))
            fail($"{path}.secretKeyRef", $"{Problem.Quote($"{secret.Name}/{secret.Key}")} does not name an entry of a secret");
    }

    private static void CheckSeconds(string path, string text, int longest, Action<string, string> fail)
    {
        if (text.Length > 0 && !(BgpSeconds.TryParse(text, out int seconds) && seconds >= 1 && seconds <= longest)) fail(path, $"{Problem.Quote(text)} is not a duration from 1s to {longest}s");
    }

    private static void CheckOneOf(string path, string text, ReadOnlySpan<string> words, Action<string, string> fail)
    {
        if (text.Length > 0 && !words.Contains(text)) fail(path, $"{Problem.Quote(text)} is none of {string.Join(", ", words.ToArray())}");
    }
}
