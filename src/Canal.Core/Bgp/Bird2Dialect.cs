using Canal.Core.Addressing;

namespace Canal.Core.Bgp;

/// <summary>BIRD 2: options of a family stand in channels, and each session listens for itself.</summary>
internal sealed class Bird2Dialect : BirdDialect
{
    public override string Title => "BIRD";

    public override EquatableArray<IpFamily> Families { get; } = [IpFamily.V4, IpFamily.V6];

    public override string? GracefulRestartCommand => "graceful restart";

    public override string RoutesCommand(IpFamily family) => $"show route table master{BirdText.Digit(family)}";

    public override string RoutesCommand(Cidr cidr) => cidr.IsSingleAddress ? $"show route for {cidr.Address}" : $"show route in {cidr}";

    public override BirdPlan Fit(BirdPlan plan, BgpInputs inputs) => plan;

    internal override void WriteListening(BirdText text, BirdConfiguration configuration)
    {
    }

    internal override string DirectChannels => "ipv4; ipv6; ";

    internal override void WriteStaticChannel(BirdText text, IpFamily family) => text.Line($"ipv{BirdText.Digit(family)};");

    internal override void WriteKernelChannel(BirdText text, IpFamily family, string filter)
    {
        // Without "metric 0" the metric of a single route would not count.
        text.Line("metric 0;");
        text.Line($"ipv{BirdText.Digit(family)} {{ import all; export filter {filter}; }};");
    }

    internal override void WriteBinding(BirdText text, BirdConfiguration configuration)
    {
        if (configuration.ListenAddresses.Count > 0) text.Line("strict bind on;");
    }

    internal override void WriteEnds(BirdText text, BgpSession session, BirdConfiguration configuration)
    {
        IpAddress? address = LocalAddress(session, configuration);
        text.Line($"local{(address is null ? "" : $" {address}")} port {configuration.ListenPort ?? BgpSession.DefaultPort} as {session.LocalAs};");
        text.Line(Neighbor(session));
        // The address comes and goes with workloads: BIRD would give a session up for good that it cannot bind.
        if (address is { } local && configuration.WorkloadListenAddresses.Contains(local)) text.Line("free bind on;");
    }

    internal override void WriteChannel(BirdText text, IpFamily family, IEnumerable<string> options)
    {
        text.Open($"ipv{BirdText.Digit(family)}");
        foreach (string option in options) text.Line(option);
        text.Close("};");
    }

    /// <summary>Of IPv4 too.</summary>
    internal override string NoGateway(IpFamily family) => "::";

    /// <summary>The interface and onlink stand before the gateway: BIRD checks a gateway against what is set when it is set, and drops the route otherwise.</summary>
    internal override void WriteTunnel(BirdText text) => text.Line("ifname = \"tunl0\";").Line("onlink = true;").Line("gw = bgp_next_hop;");

    /// <summary>
    /// BIRD binds each session's socket; one that listened on all addresses would keep the others from binding to one. So where only some addresses are
    /// to be listened on, a session without an address of its own takes one of them.
    /// </summary>
    private static IpAddress? LocalAddress(BgpSession session, BirdConfiguration configuration)
    {
        if (session.SourceAddress is not null || configuration.ListenAddresses.IsEmpty) return session.SourceAddress;
        IEnumerable<IpAddress> candidates = session.Kind == BgpSessionKind.LocalWorkload
            ? configuration.WorkloadListenAddresses.Concat(configuration.ListenAddresses) : configuration.ListenAddresses;
        foreach (IpAddress candidate in candidates)
            if (candidate.Family == session.Family) return candidate;
        return null;
    }
}
