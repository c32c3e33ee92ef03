using Canal.Core;
using Canal.Core.Overlay;
using Canal.Core.Policy;
using Canal.Felix.Configuration;
using Canal.Linux.Nftables;

namespace Canal.Felix.Dataplane.Nftables;

/// <summary>
/// The chains that bring packets to host endpoints. Each stage in use hangs in a base chain of its own, so that an accept there leaves the later ones, and the
/// workloads' chains, to decide for themselves.
/// <para>
/// Who is allowed before connection tracking or DNAT is allowed at the host endpoint later on too: the accept mark carries it there. Our marks are cleared when a packet
/// comes in or is sent, so that no other's mark means anything.
/// </para>
/// <para>
/// A packet that a process sends and DNAT redirects still carries its first interface in the output hook; it is marked there and asked about after routing.
/// </para>
/// </summary>
internal sealed class HostChains(IReadOnlyList<HostStage> stages, HostEndpointPolicy? allInterfaces, FelixParameters parameters, NetworkSets network)
{
    private const int RawPriority = -300;
    private const int ManglePriority = -150;
    private const int FilterPriority = 0;

    private readonly NftRuleBuilder builder = new();

    public IEnumerable<RenderedChain> Render()
    {
        foreach (HostStage stage in stages) yield return new RenderedChain(stage.Name, "dispatch to host endpoints", Dispatch(stage));
        foreach (RenderedChain chain in new FailsafeChains(parameters).Render()) yield return chain;
        bool untrackedIn = stages.Contains(HostStage.UntrackedIn), preDnat = stages.Contains(HostStage.PreDnat), marksIn = untrackedIn || preDnat;
        bool untrackedOut = stages.Contains(HostStage.UntrackedOut);
        // After the check of workloads' source addresses, before connection tracking.
        yield return Hooked("untracked-in", NftHook.Prerouting, RawPriority + 1, [ClearMarks(), .. If(untrackedIn, GoTo(HostStage.UntrackedIn))]);
        if (preDnat) yield return Hooked("pre-dnat", NftHook.Prerouting, ManglePriority, [Accepted(), Established(), GoTo(HostStage.PreDnat)]);
        yield return Hooked("input-host", NftHook.Input, FilterPriority + 2, [Established(), .. FromWorkloads(), .. Tunnels(Direction.Ingress), .. If(marksIn, Accepted()), GoTo(HostStage.In)]);
        if (stages.Contains(HostStage.ForwardIn))
            yield return Hooked("forward-host-in", NftHook.Forward, FilterPriority - 1, [Established(), .. If(marksIn, Accepted()), GoTo(HostStage.ForwardIn)]);
        if (stages.Contains(HostStage.ForwardOut)) yield return Hooked("forward-host-out", NftHook.Forward, FilterPriority + 2, [Established(), GoTo(HostStage.ForwardOut)]);
        if (untrackedOut) yield return Hooked("untracked-out", NftHook.Output, RawPriority, [ClearMarks(), GoTo(HostStage.UntrackedOut)]);
        yield return Hooked("output-host", NftHook.Output, FilterPriority, [ClearLate(), .. Verdicts.Revoked(builder, parameters, Direction.Egress), Established(), .. Tunnels(Direction.Egress), .. If(untrackedOut, Accepted()), PostponeRedirected(), GoTo(HostStage.Out)]);
        yield return Hooked("output-host-late", NftHook.Postrouting, ManglePriority, [Postponed()]);
    }

    private EquatableArray<NftRule> Dispatch(HostStage stage)
    {
        List<NftRule> rules = [];
        bool ingress = stage.Direction == Direction.Ingress, own = stage.Policies == PolicyStage.Normal;
        // Packets of this host to its own workloads are never policed; they may come here redirected.
        if (own && !ingress)
            foreach (string prefix in parameters.InterfacePrefixes) rules.Add(builder.Oifname(prefix + "*").Counter().Accept().Build("this host to its own workload"));
        rules.Add(ingress ? builder.IifnameVmap(stage.Map).Build() : builder.OifnameVmap(stage.Map).Build());
        if (allInterfaces is null || stage.Policies == PolicyStage.Untracked || (stage.Policies == PolicyStage.PreDnat && allInterfaces.PreDnat.IsEmpty)) return rules.ToEquatableArray();
        rules.Add((ingress ? builder.Iifname(HostInterface.Loopback) : builder.Oifname(HostInterface.Loopback)).Counter().Accept().Build("loopback is governed only by name"));
        rules.Add(builder.Goto(KernelNames.HostChain(stage, allInterfaces.Key.Name)).Build("all other interfaces"));
        return rules.ToEquatableArray();
    }

    private IEnumerable<NftRule> FromWorkloads()
    {
        foreach (string prefix in parameters.InterfacePrefixes.ToImmutable()) yield return builder.Iifname(prefix + "*").Accept().Build("workload-to-host has decided");
    }

    /// <summary>What hosts of the cluster wrap for each other passes: policy decides on what is inside.</summary>
    private IEnumerable<NftRule> Tunnels(Direction direction) => NetworkChains.AcceptedTunnels(direction, parameters, network);

    private NftRule ClearMarks() => builder.SetMetaMark(0, parameters.Marks.Accept | parameters.Marks.Late).Build("only what is marked from here on counts");

    private NftRule ClearLate() => builder.SetMetaMark(0, parameters.Marks.Late).Build("only what is marked from here on counts");

    private NftRule Accepted() => builder.MetaMark(parameters.Marks.Accept, parameters.Marks.Accept).Counter().Accept().Build("accepted before connection tracking or DNAT");

    private NftRule PostponeRedirected() => builder.CtDnat().SetMetaMark(parameters.Marks.Late, parameters.Marks.Late).Accept().Build("redirected: decided when its interface is known");

    private NftRule Postponed()
    {
        HostStage stage = stages.Contains(HostStage.OutLate) ? HostStage.OutLate : HostStage.Out;
        return builder.MetaMark(parameters.Marks.Late, parameters.Marks.Late).SetMetaMark(0, parameters.Marks.Late).Goto(stage.Name).Build();
    }

    private NftRule Established() => builder.CtState(NftCtState.Established | NftCtState.Related).Accept().Build();

    private NftRule GoTo(HostStage stage) => builder.Goto(stage.Name).Build();

    private static IEnumerable<NftRule> If(bool condition, NftRule rule) => condition ? [rule] : [];

    private static RenderedChain Hooked(string name, NftHook hook, int priority, EquatableArray<NftRule> rules) =>
        new(name, "", rules, new NftBaseChain(NftChainType.Filter, hook, priority));
}
