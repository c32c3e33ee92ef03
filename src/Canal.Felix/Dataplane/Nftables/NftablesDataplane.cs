using Canal.Core;
using Canal.Core.Calculation;
using Canal.Felix.Configuration;
using Canal.Linux.Nftables;

namespace Canal.Felix.Dataplane.Nftables;

/// <summary>
/// Keeps table <c>inet canal</c> as the calculator wants it. The kernel's state is read at start, which adopts what an earlier run left, and after every
/// failure; in between it is known, and only differences are sent.
/// </summary>
internal sealed class NftablesDataplane(INftables kernel, PolicyCalculator calculator)
{
    private readonly DesiredTable desired = new();
    private readonly NftTransaction transaction = new(KernelNames.Table);
    private TableImage? image;

    /// <summary>Transactions committed since the start.</summary>
    public long Commits { get; private set; }

    /// <summary>Chains the table should have.</summary>
    public int ChainCount => desired.Chains.Count;

    /// <summary>The kernel's state is not known: it must be read and compared before anything else.</summary>
    public bool InDoubt => image is null;

    /// <summary>Remembers what must change. Nothing is sent.</summary>
    public void Plan(DesiredChanges changes, FelixParameters parameters) => desired.Apply(changes, parameters);

    /// <summary>Somebody else changed the table: what it holds is not known any more.</summary>
    public void Doubt() => image = null;

    /// <summary>Makes the kernel's table as desired. Returns whether anything was written.</summary>
    /// <exception cref="NftException">The kernel refused, or the outcome is unknown; the next call reads the table and tries again.</exception>
    public bool Apply()
    {
        if (image is null) Reread();
        else if (desired.Changes.IsEmpty) return false;
        TableImage known = image!;
        transaction.Clear();
        new TablePlan(desired, known, calculator, transaction).Write();
        bool differs = !transaction.IsEmpty;
        // Whatever goes wrong from here on, the image may not be what the kernel has.
        image = null;
        if (differs) kernel.Commit(transaction);
        Note(known);
        image = known.MustRebuild ? null : known;
        if (differs) Commits++;
        return differs;
    }

    /// <summary>Reads the table. Sets whose description is not ours are told by making the whole table anew, in the one transaction.</summary>
    private void Reread()
    {
        desired.DoubtAll();
        image = TableReading.Read(kernel, desired);
    }

    private void Note(TableImage known)
    {
        known.Exists = true;
        known.Members.Clear();
        foreach (string stray in known.Strays) known.Sets.Remove(stray);
        known.Strays.Clear();
        foreach (string name in desired.Changes.Chains) NoteChain(known, name);
        foreach (string name in desired.Changes.Nets) NoteNets(known, name);
        foreach (Core.Policy.SetPart part in desired.Changes.Parts)
        {
            if (desired.Parts.ContainsKey(part)) known.Sets[KernelNames.Set(part)] = KernelSets.Of(part);
            else known.Sets.Remove(KernelNames.Set(part));
        }
        foreach (NftSet map in (ReadOnlySpan<NftSet>)[KernelSets.FromWorkloads, KernelSets.ToWorkloads]) NoteMap(known, map);
        desired.Changes.Clear();
    }

    private void NoteChain(TableImage known, string name)
    {
        if (!desired.Chains.TryGetValue(name, out RenderedChain? chain)) known.Chains.Remove(name);
        else known.Chains[name] = new HeldChain(chain.Base, chain.Rules.Select(r => r.Identity).ToEquatableArray());
    }

    private void NoteNets(TableImage known, string name)
    {
        if (desired.Nets.TryGetValue(name, out NetsSet? set))
        {
            known.Sets[name] = set.Set;
            known.Nets[name] = set.Members;
        }
        else
        {
            known.Sets.Remove(name);
            known.Nets.Remove(name);
        }
    }

    private void NoteMap(TableImage known, NftSet map)
    {
        known.Sets[map.Name] = map;
        if (!known.Maps.TryGetValue(map.Name, out Dictionary<string, string>? elements)) known.Maps.Add(map.Name, elements = new(StringComparer.Ordinal));
        Core.Policy.Direction direction = map == KernelSets.FromWorkloads ? Core.Policy.Direction.Egress : Core.Policy.Direction.Ingress;
        foreach (string name in desired.Changes.Interfaces)
        {
            if (desired.Interfaces.Contains(name)) elements[name] = KernelNames.EndpointChain(name, direction);
            else elements.Remove(name);
        }
    }
}
