using Canal.Core.Policy;
using Canal.Core.Resources;

namespace Canal.Ctl;

/// <summary>A packet's way from one end to the other: every place at which policy is asked, as far as the packet comes.</summary>
internal sealed record PacketPath(Packet Packet, IReadOnlyList<PathPoint> Points)
{
    public bool Allowed => Points.All(point => point.Decision is not { Allowed: false });

    /// <summary>The point that decided: the one that denied, else the last.</summary>
    public PathPoint Decisive => Points.LastOrDefault(point => point.Decision is { Allowed: false }) ?? Points.Last(point => point.Decision is not null);

    /// <summary>Follows a packet. Of host endpoints only those at the packet's ends are asked: which interface it takes in between is a matter of routes.</summary>
    /// <exception cref="CommandException">Neither end is an endpoint.</exception>
    public static PacketPath Follow(PolicyEvaluator evaluator, PacketEnd from, PacketEnd to, Packet packet)
    {
        List<PathPoint> points = [];
        bool goesOn = Ask(evaluator, from.Endpoint, Direction.Egress, packet, points);
        if (goesOn)
            Ask(evaluator, to.Endpoint, Direction.Ingress, packet, points);
        return points.Count > 0 ? new PacketPath(packet, points)
            : throw new CommandException(Hosting.ExitCode.Failure, $"neither {packet.Source} nor {packet.Destination} belongs to an endpoint: no policy is asked");
    }

    private static bool Ask(PolicyEvaluator evaluator, Resource? endpoint, Direction direction, Packet packet, List<PathPoint> points)
    {
        foreach (PolicyStage stage in StagesOf(endpoint, direction))
        {
            List<TraceStep> steps = [];
            Decision? decision = endpoint is WorkloadEndpoint
                ? evaluator.Decide(endpoint.Key, direction, packet, steps.Add)
                : evaluator.Decide(endpoint!.Key, stage, direction, packet, steps.Add);
            // A stage of a host endpoint without policies is not worth a line.
            if (decision is not null || steps.Count > 0)
                points.Add(new PathPoint(endpoint.Key, stage, direction, steps, decision));
            // Who is allowed early is not asked again at this endpoint.
            if (decision is not null)
                return decision.Allowed;
        }
        return true;
    }

    private static PolicyStage[] StagesOf(Resource? endpoint, Direction direction) => endpoint switch
    {
        null => [],
        WorkloadEndpoint => [PolicyStage.Normal],
        _ => direction == Direction.Egress ? [PolicyStage.Untracked, PolicyStage.Normal] : [PolicyStage.Untracked, PolicyStage.PreDnat, PolicyStage.Normal],
    };
}
