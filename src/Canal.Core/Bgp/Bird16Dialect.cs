using Canal.Core.Addressing;
using Canal.Core.Calculation;
using Canal.Core.Resources;

namespace Canal.Core.Bgp;

/// <summary>
/// BIRD 1.6, one process for one family: no channels, their options stand in the protocol; the process listens, on one port and on all addresses or on one;
/// a filter cannot send a route through a tunnel.
/// </summary>
internal sealed class Bird16Dialect(IpFamily family) : BirdDialect
{
    public override string Title { get; } = family == IpFamily.V4 ? "BIRD (IPv4)" : "BIRD (IPv6)";

    public override EquatableArray<IpFamily> Families { get; } = [family];

    public override string? GracefulRestartCommand => null;

    public override string RoutesCommand(IpFamily of) => "show route";

    public override string RoutesCommand(Cidr cidr) => cidr.IsSingleAddress ? $"show route for {cidr.Address}" : $"show route where net ~ {cidr}";

    public override BirdPlan Fit(BirdPlan plan, BgpInputs inputs)
    {
        List<CalculationProblem> problems = [.. plan.Problems];
        BirdConfiguration configuration = WithoutTunnels(plan.Configuration, inputs, problems);
        return new BirdPlan(WithoutWorkloadsElsewhere(configuration, inputs, problems), problems.ToEquatableArray());
    }

    internal override string DirectChannels => "";

    internal override void WriteListening(BirdText text, BirdConfiguration configuration)
    {
        string address = "", port = configuration.ListenPort is { } number ? $" port {number}" : "";
        foreach (IpAddress candidate in configuration.ListenAddresses)
            if (candidate.Family == family) address = $" address {candidate}";
        if (address.Length + port.Length > 0) text.Line($"listen bgp{address}{port};");
    }

    internal override void WriteStaticChannel(BirdText text, IpFamily of)
    {
    }

    /// <summary>The metric of a single route counts here without more.</summary>
    internal override void WriteKernelChannel(BirdText text, IpFamily of, string filter) => text.Line("import all;").Line($"export filter {filter};");

    internal override void WriteBinding(BirdText text, BirdConfiguration configuration)
    {
    }

    internal override void WriteEnds(BirdText text, BgpSession session, BirdConfiguration configuration)
    {
        text.Line($"local{(session.SourceAddress is { } address ? $" {address}" : "")} as {session.LocalAs};");
        text.Line(Neighbor(session));
    }

    internal override void WriteChannel(BirdText text, IpFamily of, IEnumerable<string> options)
    {
        foreach (string option in options) text.Line(option);
    }

    internal override string NoGateway(IpFamily of) => of == IpFamily.V4 ? "0.0.0.0" : "::";

    internal override void WriteTunnel(BirdText text) => throw new ArgumentException("a tunnel that BIRD 1.6 cannot write was not taken out of the plan", nameof(text));

    /// <summary>Their routes are left to the policy agent: written as plain ones they would send packets of workloads as they are into a network that does not know them.</summary>
    private BirdConfiguration WithoutTunnels(BirdConfiguration configuration, BgpInputs inputs, List<CalculationProblem> problems)
    {
        RoutePolicy policy = configuration.Policy(family);
        foreach (KernelPool pool in policy.KernelPools.Where(IsTunnelled))
            problems.Add(new CalculationProblem(PoolOf(pool.Cidr, inputs), "spec.ipipMode: BIRD 1.6 cannot write routes through a tunnel, this host has none to the pool's other blocks unless canal-felix writes them: "
                + "programClusterRoutes of FelixConfiguration is to be EnabledIPIPOnly and that of BGPConfiguration EnabledNoEncapOnly"));
        policy = policy with { KernelPools = policy.KernelPools.Select(p => IsTunnelled(p) ? p with { Route = PoolRoute.LeaveToAgent } : p).ToEquatableArray() };
        return family == IpFamily.V4 ? configuration with { V4 = policy } : configuration with { V6 = policy };
    }

    /// <summary>The process listens on one address; what calls another would wait for ever.</summary>
    private BirdConfiguration WithoutWorkloadsElsewhere(BirdConfiguration configuration, BgpInputs inputs, List<CalculationProblem> problems)
    {
        const string reason = "BIRD 1.6 listens on one address, which with bindMode NodeIP is the node's and not localWorkloadPeeringIP's";
        bool isElsewhere = configuration.ListenAddresses.Any(a => a.Family == family) && configuration.WorkloadListenAddresses.Any(a => a.Family == family);
        if (!isElsewhere || !configuration.Sessions.Any(IsWithWorkload)) return configuration;
        problems.Add(new CalculationProblem(inputs.Configurations["default"].Key, $"spec.bindMode: every session with a local workload is held down: {reason}"));
        return configuration with { Sessions = configuration.Sessions.Select(s => IsWithWorkload(s) ? s with { Held = reason } : s).ToEquatableArray() };
    }

    private bool IsWithWorkload(BgpSession session) => session.Kind == BgpSessionKind.LocalWorkload && session.Family == family;

    private static bool IsTunnelled(KernelPool pool) => pool.Route is PoolRoute.Tunnel or PoolRoute.TunnelAcrossSubnets;

    private static ResourceKey PoolOf(Cidr cidr, BgpInputs inputs) => inputs.Pools.Values.Where(p => p.Cidr == cidr).OrderBy(p => p.Key.Name, StringComparer.Ordinal).First().Key;
}
