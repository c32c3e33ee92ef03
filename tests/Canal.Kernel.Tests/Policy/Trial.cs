using Canal.Core.Policy;
using Canal.Core.Resources;
using Canal.Felix.Configuration;

namespace Canal.Kernel.Tests.Policy;

/// <summary>A packet, and between whom.</summary>
/// <param name="Packet">The packet; its source need not be the sender's.</param>
/// <param name="From">The local workload that sends it; null for an outside host.</param>
/// <param name="To">The local workload it is for; null for an outside host, or the host itself.</param>
internal sealed record Trial(Packet Packet, WorkloadEndpoint? From, WorkloadEndpoint? To)
{
    private const ushort VxlanPort = 4789;

    /// <summary>It is for the workload's own host.</summary>
    internal bool ToHost { get; init; }

    /// <summary>Whether it arrives: not spoofed, no tunnel, egress allowed and ingress allowed.</summary>
    internal bool Passes(PolicyEvaluator evaluator, FelixParameters parameters, out string why)
    {
        Decision? egress = From is null ? null : evaluator.Decide(From.Key, Direction.Egress, Packet);
        Decision? ingress = To is null ? null : evaluator.Decide(To.Key, Direction.Ingress, Packet);
        bool spoofed = From is not null && !MayUse(From, parameters);
        bool tunnel = From is not null && IsForbiddenTunnel(parameters);
        bool refused = ToHost && parameters.EndpointToHost == EndpointToHostAction.Drop;
        why = $"egress {egress?.ToString() ?? "-"}, ingress {ingress?.ToString() ?? "-"}, spoofed {spoofed}, tunnel {tunnel}, refused by the host {refused}";
        return egress is not { Allowed: false } && ingress is not { Allowed: false } && !spoofed && !tunnel && !refused;
    }

    private bool MayUse(WorkloadEndpoint sender, FelixParameters parameters) =>
        sender.Spec.IpNetworks.Any(own => own.Contains(Packet.Source)) || (parameters.SpoofingAllowed && sender.Spec.AllowSpoofedSourcePrefixes.Any(p => p.Contains(Packet.Source)));

    private bool IsForbiddenTunnel(FelixParameters parameters) =>
        (Packet.Protocol == IpProtocol.Udp && Packet.DestinationPort == VxlanPort && !parameters.VxlanFromWorkloads) || (Packet.Protocol == IpProtocol.IpIp && !parameters.IpipFromWorkloads);
}
