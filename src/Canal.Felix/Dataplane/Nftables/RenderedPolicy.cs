using Canal.Core.Policy;

namespace Canal.Felix.Dataplane.Nftables;

/// <summary>What a policy or profile becomes in the kernel.</summary>
/// <param name="Chains">A chain for each direction that has rules, and those of single rules that need one.</param>
/// <param name="Nets">The sets of the rules' own prefixes, by name.</param>
/// <param name="Ports">The sets of ports that the rules look up, by name.</param>
/// <param name="Parts">The parts of sets that the rules look up.</param>
internal sealed record RenderedPolicy(List<RenderedChain> Chains, Dictionary<string, NetsSet> Nets, Dictionary<string, PortsSet> Ports, HashSet<SetPart> Parts);
