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

    /// <summary>It is for the host under test itself.</summary>
    internal bool ToHost { get; init; }

    private string InterfaceIn => From?.Spec.InterfaceName ?? PolicyHost.External;

    private string InterfaceOut => To?.Spec.InterfaceName ?? PolicyHost.External;

    /// <summary>Whether it arrives: not spoofed, no tunnel, and nobody whom it passes forbids it.</summary>
    internal bool Passes(PolicyEvaluator evaluator, HostEndpointResolution hosts, FelixParameters parameters, out string why)
    {
        List<string> said = [];
        bool passes = (From is null || IsSentRightly(parameters, said)) && PassesHostEndpoints(evaluator, hosts, parameters, said) && PassesWorkloads(evaluator, parameters, said);
        why = string.Join("; ", said);
        return passes;
    }

    /// <summary>What becomes of it is up to the policies of the workloads at its ends alone, which is what canalctl traces between them.</summary>
    internal bool IsUpToWorkloads(PolicyEvaluator evaluator, HostEndpointResolution hosts, FelixParameters parameters) =>
        !ToHost && (From ?? To) is not null && (From is null || IsSentRightly(parameters, [])) && PassesHostEndpoints(evaluator, hosts, parameters, []);

    private bool IsSentRightly(FelixParameters parameters, List<string> said)
    {
        bool spoofed = !MayUse(From!, parameters), tunnel = IsForbiddenTunnel(parameters);
        said.Add($"spoofed {spoofed}, tunnel {tunnel}");
        return !spoofed && !tunnel;
    }

    private bool PassesWorkloads(PolicyEvaluator evaluator, FelixParameters parameters, List<string> said)
    {
        Decision? egress = From is null ? null : evaluator.Decide(From.Key, Direction.Egress, Packet);
        Decision? ingress = To is null ? null : evaluator.Decide(To.Key, Direction.Ingress, Packet);
        bool refused = ToHost && From is not null && parameters.EndpointToHost == EndpointToHostAction.Drop;
        said.Add($"egress {egress?.ToString() ?? "-"}, ingress {ingress?.ToString() ?? "-"}, refused by the host {refused}");
        return egress is not { Allowed: false } && ingress is not { Allowed: false } && !refused;
    }

    private bool PassesHostEndpoints(PolicyEvaluator evaluator, HostEndpointResolution hosts, FelixParameters parameters, List<string> said)
    {
        bool accepted = false;
        bool Stage(PolicyStage stage, Direction direction, HostEndpointPolicy? endpoint, bool spared)
        {
            if (endpoint is null || spared) return true;
            Decision? decision = evaluator.Decide(endpoint.Key, stage, direction, Packet);
            said.Add($"{endpoint.Key.Name} {stage} {direction}: {decision?.ToString() ?? "left"}");
            accepted |= decision is { Allowed: true } && (stage is PolicyStage.Untracked or PolicyStage.PreDnat);
            return decision is not { Allowed: false };
        }
        HostEndpointPolicy? named = hosts.ByInterface.GetValueOrDefault(InterfaceIn), into = named ?? hosts.AllInterfaces;
        bool failsafe = IsFailsafe(parameters);
        if (!Stage(PolicyStage.Untracked, Direction.Ingress, named, failsafe || IsReply(parameters))) return false;
        if (!Stage(PolicyStage.PreDnat, Direction.Ingress, into, failsafe || accepted)) return false;
        if (ToHost) return Stage(PolicyStage.Normal, Direction.Ingress, From is null ? into : null, failsafe || accepted);
        return Stage(PolicyStage.Forward, Direction.Ingress, into, accepted)
            && Stage(PolicyStage.Forward, Direction.Egress, hosts.ByInterface.GetValueOrDefault(InterfaceOut) ?? hosts.AllInterfaces, spared: false);
    }

    private bool IsFailsafe(FelixParameters parameters) =>
        parameters.FailsafeIn.Any(f => f.Protocol == Packet.Protocol && f.Port == Packet.DestinationPort && f.Net?.Contains(Packet.Source) != false);

    private bool IsReply(FelixParameters parameters) =>
        parameters.FailsafeOut.Any(f => f.Protocol == Packet.Protocol && f.Port == Packet.SourcePort && f.Net?.Contains(Packet.Source) != false);

    private bool MayUse(WorkloadEndpoint sender, FelixParameters parameters) =>
        sender.Spec.IpNetworks.Any(own => own.Contains(Packet.Source)) || (parameters.SpoofingAllowed && sender.Spec.AllowSpoofedSourcePrefixes.Any(p => p.Contains(Packet.Source)));

    private bool IsForbiddenTunnel(FelixParameters parameters) =>
        (Packet.Protocol == IpProtocol.Udp && Packet.DestinationPort == VxlanPort && !parameters.VxlanFromWorkloads) || (Packet.Protocol == IpProtocol.IpIp && !parameters.IpipFromWorkloads);
}
