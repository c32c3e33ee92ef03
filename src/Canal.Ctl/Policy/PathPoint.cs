using Canal.Core.Policy;
using Canal.Core.Resources;

namespace Canal.Ctl;

/// <summary>One place on a packet's way at which policy is asked.</summary>
/// <param name="Endpoint">Whose policy.</param>
/// <param name="Stage">Which of its policies.</param>
/// <param name="Direction">Seen from the endpoint.</param>
/// <param name="Steps">What was looked at, in order.</param>
/// <param name="Decision">Null when this stage leaves the packet to later ones.</param>
internal sealed record PathPoint(ResourceKey Endpoint, PolicyStage Stage, Direction Direction, IReadOnlyList<TraceStep> Steps, Decision? Decision)
{
    /// <summary><c>egress from WorkloadEndpoint default/web</c></summary>
    public string Title => $"{(Direction == Direction.Egress ? "egress from" : "ingress to")} {Endpoint}{Stage switch
    {
        PolicyStage.Untracked => ", untracked",
        PolicyStage.PreDnat => ", before DNAT",
        _ => "",
    }}";
}
