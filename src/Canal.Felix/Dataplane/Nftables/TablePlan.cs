using Canal.Core;
using Canal.Core.Addressing;
using Canal.Core.Calculation;
using Canal.Core.IpSets;
using Canal.Core.Policy;
using Canal.Linux.Nftables;

namespace Canal.Felix.Dataplane.Nftables;

/// <summary>
/// What turns the kernel's table into the desired one: make before break, in the order that the kernel's reference counts ask for. First new sets with their
/// first members, in a transaction of their own: the kernel brings rules into force a moment (some 0.1 ms) before the intervals that are committed with them,
/// and in that moment a rule would look up an empty set. Then, at once, new chains, rules, dispatch, members, and away with chains and sets that nothing
/// refers to any more. Pure.
/// </summary>
/// <param name="desired">What should be.</param>
/// <param name="image">What the kernel has.</param>
/// <param name="calculator">Has the members of sets.</param>
/// <param name="preparation">To be committed first; it stays empty when there is no new set.</param>
/// <param name="transaction">The rest; the same as <paramref name="preparation"/> where nothing is in force that packets could miss.</param>
/// <param name="flags">Of the table.</param>
internal sealed class TablePlan(DesiredTable desired, TableImage image, PolicyCalculator calculator, NftTransaction preparation, NftTransaction transaction, NftTableFlags flags = NftTableFlags.None)
{
    private readonly HashSet<SetPart> filled = [];
    private readonly List<string> retiredChains = [];

    // A set that was to go when a commit failed is found a stray by the reading that follows: it is there twice, and goes once.
    private readonly HashSet<string> retiredSets = new(StringComparer.Ordinal);

    /// <summary>Writes the transactions; they stay empty when nothing differs.</summary>
    public void Write()
    {
        if (!image.Exists || (image.Flags != flags && flags != NftTableFlags.None)) preparation.AddTable(flags);
        retiredSets.UnionWith(image.Strays);
        PrepareParts();
        PrepareNets();
        PreparePorts();
        PrepareMaps();
        List<RenderedChain> changed = PrepareChains();
        foreach (RenderedChain chain in changed) SwitchRules(chain);
        foreach (string name in desired.Changes.Interfaces) SwitchDispatch(name);
        foreach (IpSetChange change in desired.Changes.Members) SwitchMembers(change);
        foreach (string chain in retiredChains) transaction.FlushChain(chain);
        // Rules refer to sets, and maps to chains: in this order nothing is referred to when it goes.
        foreach (string set in retiredSets) transaction.DeleteSet(set);
        foreach (string chain in retiredChains) transaction.DeleteChain(chain);
    }

    /// <summary>The chain's rules are not those that are wanted, but some are: the others can be exchanged around them, if their handles are known.</summary>
    public static bool CanKeepRules(RenderedChain wanted, HeldChain held) => !SameRules(wanted, held) && RuleSplice.Of(wanted, held).Keeps;

    private void PrepareParts()
    {
        foreach (SetPart part in desired.Changes.Parts)
        {
            string name = KernelNames.Set(part);
            bool wanted = desired.Parts.ContainsKey(part), held = image.Sets.ContainsKey(name);
            if (!wanted && held) retiredSets.Add(name);
            if (!wanted) continue;
            IpSetDelta members = held && !image.Members.ContainsKey(name) ? new IpSetDelta() : calculator.Members(part.Set) ?? new IpSetDelta();
            if (!held)
            {
                preparation.AddSet(KernelSets.Of(part));
                PartMembers.Add(preparation, part, members);
                filled.Add(part);
            }
            else if (image.Members.TryGetValue(name, out ReadMembers? read))
            {
                Exchange(part, PartMembers.Difference(part, members, read));
                filled.Add(part);
            }
        }
    }

    private void PrepareNets()
    {
        foreach (string name in desired.Changes.Nets)
        {
            bool held = image.Sets.ContainsKey(name);
            if (!desired.Nets.TryGetValue(name, out NetsSet? wanted))
            {
                if (held) retiredSets.Add(name);
                continue;
            }
            if (!held) preparation.AddSet(wanted.Set);
            ExchangeNets(held ? transaction : preparation, wanted, held ? image.Nets.GetValueOrDefault(name) : default);
        }
    }

    private void PreparePorts()
    {
        foreach (string name in desired.Changes.Ports)
        {
            bool held = image.Sets.ContainsKey(name);
            if (!desired.Ports.TryGetValue(name, out PortsSet? wanted))
            {
                if (held) retiredSets.Add(name);
                continue;
            }
            if (held && !image.WrongPorts.Contains(name)) continue;
            if (held) transaction.FlushSet(name);
            else preparation.AddSet(wanted.Set);
            (held ? transaction : preparation).AddElements(wanted.Set, wanted.Members.AsSpan());
        }
    }

    private static void ExchangeNets(NftTransaction transaction, NetsSet wanted, EquatableArray<Cidr> before)
    {
        HashSet<Cidr> old = [.. before], now = [.. wanted.Members];
        Cidr[] gone = [.. before.Where(n => !now.Contains(n))], come = [.. wanted.Members.Where(n => !old.Contains(n))];
        if (wanted.Set.IsInterval)
        {
            transaction.DeleteElements(wanted.Set, gone);
            transaction.AddElements(wanted.Set, come);
            return;
        }
        transaction.DeleteElements(wanted.Set, [.. gone.Select(n => n.Address)]);
        transaction.AddElements(wanted.Set, [.. come.Select(n => n.Address)]);
    }

    private void PrepareMaps()
    {
        foreach (NftSet map in desired.Maps)
            if (!image.Sets.ContainsKey(map.Name)) transaction.AddSet(map);
        foreach (string name in desired.Changes.Maps)
            if (desired.MapNamed(name) is null && image.Sets.ContainsKey(name)) retiredSets.Add(name);
    }

    /// <summary>Returns the chains whose rules differ.</summary>
    private List<RenderedChain> PrepareChains()
    {
        List<RenderedChain> changed = [];
        foreach (string name in desired.Changes.Chains)
        {
            image.Chains.TryGetValue(name, out HeldChain? held);
            if (!desired.Chains.TryGetValue(name, out RenderedChain? wanted))
            {
                if (held is not null) retiredChains.Add(name);
                continue;
            }
            if (held is not null && SameRules(wanted, held)) continue;
            if (held is null && wanted.Base is not null) transaction.AddChain(name, wanted.Base);
            else if (held is null) transaction.AddChain(name, wanted.Comment);
            changed.Add(wanted);
        }
        return changed;
    }

    private void SwitchRules(RenderedChain chain)
    {
        if (image.Chains.TryGetValue(chain.Name, out HeldChain? held) && held.Handles.Count == held.Rules.Count && CanKeepRules(chain, held))
        {
            Splice(chain, held);
            return;
        }
        if (held is not null) transaction.FlushChain(chain.Name);
        foreach (NftRule rule in chain.Rules) transaction.AddRule(chain.Name, rule);
    }

    /// <summary>Rules that stay keep their counters.</summary>
    private void Splice(RenderedChain chain, HeldChain held)
    {
        RuleSplice splice = RuleSplice.Of(chain, held);
        for (int i = splice.Head; i < held.Rules.Count - splice.Tail; i++) transaction.DeleteRule(chain.Name, held.Handles[i]);
        for (int i = splice.Head; i < chain.Rules.Count - splice.Tail; i++)
        {
            if (splice.Tail > 0) transaction.InsertRule(chain.Name, chain.Rules[i], held.Handles[held.Rules.Count - splice.Tail]);
            else transaction.AddRule(chain.Name, chain.Rules[i]);
        }
    }

    private void SwitchDispatch(string name)
    {
        foreach (NftSet map in desired.Maps) SwitchDispatch(map, name, desired.Dispatch(map, name));
    }

    private void SwitchDispatch(NftSet map, string name, NftVerdict? wanted)
    {
        NftVerdict? held = image.Maps.TryGetValue(map.Name, out Dictionary<string, NftVerdict>? elements) && elements.TryGetValue(name, out NftVerdict verdict) ? verdict : null;
        if (held == wanted) return;
        if (held is not null) transaction.DeleteElements(map, [name]);
        if (wanted is not null) transaction.AddElement(map, name, wanted.Value);
    }

    private void SwitchMembers(IpSetChange change)
    {
        foreach (SetPart part in SetPart.Of(change.Set, SetShape.V4Addresses | SetShape.V4Prefixes | SetShape.V6Addresses | SetShape.V6Prefixes))
            if (!filled.Contains(part) && desired.Parts.ContainsKey(part)) Exchange(part, change.Members);
    }

    /// <summary>What goes, goes first: prefixes must not overlap at any point of the transaction.</summary>
    private void Exchange(SetPart part, IpSetDelta members)
    {
        PartMembers.Delete(transaction, part, members);
        PartMembers.Add(transaction, part, members);
    }

    public static bool SameRules(RenderedChain wanted, HeldChain held)
    {
        if (wanted.Rules.Count != held.Rules.Count) return false;
        for (int i = 0; i < held.Rules.Count; i++)
            if (wanted.Rules[i].Identity != held.Rules[i]) return false;
        return true;
    }
}
