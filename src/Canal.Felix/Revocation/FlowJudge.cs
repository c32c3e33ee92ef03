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

    public bool Allows(TrackedFlow flow)
    {
        // What belongs to another connection was never judged.
        if (flow.IsRelated) return true;
        Packet packet = flow.First;
        bool fromHost = own.Contains(packet.Source), toHost = own.Contains(packet.Destination);
        if (fromHost && toHost) return true;
        if (workloads.TryGetValue(packet.Source, out EndpointPolicy? source) && !Allows(source, Direction.Egress, packet)) return false;
        // This host may always speak to its workloads.
        if (!fromHost && workloads.TryGetValue(packet.Destination, out EndpointPolicy? destination) && !Allows(destination, Direction.Ingress, packet)) return false;
        if (toHost && source is null) return AllowsHost(Direction.Ingress, packet, parameters.FailsafeIn, packet.Source);
        return !fromHost || workloads.ContainsKey(packet.Destination) || AllowsHost(Direction.Egress, packet, parameters.FailsafeOut, packet.Destination);
    }

    private bool Allows(EndpointPolicy endpoint, Direction direction, Packet packet) => calculator.Decide(endpoint.Tiers(direction), endpoint.Profiles, direction, packet) ?? false;

    private bool AllowsHost(Direction direction, Packet packet, EquatableArray<FailsafePort> failsafe, IpAddress other)
    {
        if (IsAlwaysAllowed(packet) || failsafe.Any(port => port.Protocol == packet.Protocol && port.Port == packet.DestinationPort && (port.Net is null || port.Net.Value.Contains(other)))) return true;
        return endpoints.Length == 0 || endpoints.Any(endpoint => Allows(endpoint, direction, packet));
    }

    private bool Allows(HostEndpointPolicy? endpoint, Direction direction, Packet packet) =>
        endpoint is null || !endpoint.Untracked.IsEmpty || !endpoint.PreDnat.IsEmpty || (calculator.Decide(endpoint.Normal.Of(direction), endpoint.Profiles, direction, packet) ?? false);

    /// <summary>Neighbour discovery and the like, DHCP, and tunnels, of which the chains of tunnels decide.</summary>
    private bool IsAlwaysAllowed(Packet packet) =>
        packet.Protocol is IpProtocol.IpIp || (packet.Protocol == IpProtocol.IcmpV6 && packet.IcmpType is >= 130 and <= 136 or 143)
        || (packet.Protocol == IpProtocol.Udp && (packet.DestinationPort == parameters.VxlanPort || packet.DestinationPort is 67 or 68 or 546 or 547));
}
