using Canal.Core;
using Canal.Core.Addressing;
using Canal.Core.Calculation;
using Canal.Core.Policy;
using Canal.Felix.Configuration;
using Canal.Felix.Hosts;
using Canal.Linux.Conntrack;

namespace Canal.Felix.Revocation;

/// <summary>
/// Whether the policy in force would let a connection begin that exists already. Connection tracking does not tell interfaces: a workload is known by its
/// address. A host endpoint is asked about packets of this host's own addresses, which may cross any of the host's interfaces: only when all of them deny is the
/// connection not allowed. In doubt a connection is allowed: forwarding through host endpoints is not judged, nor a host endpoint with policy before
/// connection tracking or DNAT.
/// </summary>
internal sealed class FlowJudge(PolicyCalculator calculator, IReadOnlyDictionary<IpAddress, EndpointPolicy> workloads, HostInterfaces hosts, FelixParameters parameters)
{
    private readonly HashSet<IpAddress> own = [.. hosts.OwnAddresses];
    private readonly HostEndpointPolicy?[] endpoints = [.. hosts.Crossed.Select(hosts.Resolution.Governing).Distinct()];

    public bool Allows(TrackedFlow flow) => Judge(flow).Allowed;

    /// <summary>What each end of this host says.</summary>
    public FlowVerdict Judge(TrackedFlow flow)
    {
        Packet packet = flow.First;
        bool fromHost = own.Contains(packet.Source), toHost = own.Contains(packet.Destination);
        workloads.TryGetValue(packet.Source, out EndpointPolicy? source);
        workloads.TryGetValue(packet.Destination, out EndpointPolicy? destination);
        // What belongs to another connection was never judged.
        string exempt = flow.IsRelated ? "related to another connection" : fromHost && toHost ? "within this host" : "";
        return new FlowVerdict(
            source is not null ? Workload(source, Direction.Egress, packet, exempt)
                : fromHost ? Host(Direction.Egress, packet, destination is null ? exempt : "to a workload of this host") : null,
            destination is not null ? Workload(destination, Direction.Ingress, packet, fromHost ? "from this host" : exempt)
                : toHost ? Host(Direction.Ingress, packet, source is null ? exempt : "from a workload of this host") : null);
    }

    private FlowEnd Workload(EndpointPolicy endpoint, Direction direction, Packet packet, string exempt)
    {
        if (exempt.Length > 0) return new FlowEnd(endpoint.DisplayName, true, null, exempt);
        Decision decision = calculator.Decide(endpoint.Tiers(direction), endpoint.Profiles, direction, packet) ?? new Decision(false, "", null, -1);
        return new FlowEnd(endpoint.DisplayName, decision.Allowed, decision);
    }

    /// <summary>Of the endpoints of the interfaces that it may cross, the first that allows it, else the first.</summary>
    private FlowEnd Host(Direction direction, Packet packet, string exempt)
    {
        (EquatableArray<FailsafePort> failsafe, IpAddress other) = direction == Direction.Ingress ? (parameters.FailsafeIn, packet.Source) : (parameters.FailsafeOut, packet.Destination);
        if (exempt.Length == 0 && IsAlwaysAllowed(packet)) exempt = "always allowed";
        if (exempt.Length == 0 && failsafe.Any(port => port.Protocol == packet.Protocol && port.Port == packet.DestinationPort && (port.Net is null || port.Net.Value.Contains(other)))) exempt = "failsafe port";
        if (exempt.Length > 0 || endpoints.Length == 0) return new FlowEnd(endpoints.Length == 1 ? endpoints[0]?.Key.Name ?? "" : "", true, null, exempt.Length > 0 ? exempt : "no host endpoint");
        FlowEnd[] ends = [.. endpoints.Select(endpoint => Host(endpoint, direction, packet))];
        return Array.Find(ends, end => end.Allowed) ?? ends[0];
    }

    private FlowEnd Host(HostEndpointPolicy? endpoint, Direction direction, Packet packet)
    {
        if (endpoint is null) return new FlowEnd("", true, null, "no host endpoint");
        if (!endpoint.Untracked.IsEmpty || !endpoint.PreDnat.IsEmpty || hosts.Resolution.AllInterfaces is { PreDnat.IsEmpty: false }) return new FlowEnd(endpoint.Key.Name, true, null, "policy before connection tracking or translation");
        Decision decision = calculator.Decide(endpoint.Normal.Of(direction), endpoint.Profiles, direction, packet) ?? new Decision(false, "", null, -1);
        return new FlowEnd(endpoint.Key.Name, decision.Allowed, decision);
    }

    /// <summary>Neighbour discovery and the like, DHCP, and tunnels, of which the chains of tunnels decide.</summary>
    private bool IsAlwaysAllowed(Packet packet) =>
        packet.Protocol is IpProtocol.IpIp || (packet.Protocol == IpProtocol.IcmpV6 && packet.IcmpType is >= 130 and <= 136 or 143)
        || (packet.Protocol == IpProtocol.Udp && (packet.DestinationPort == parameters.VxlanPort || packet.DestinationPort is 67 or 68 or 546 or 547));
}
