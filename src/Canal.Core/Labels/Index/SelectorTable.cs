using System.Runtime.InteropServices;

namespace Canal.Core.Labels;

/// <summary>Selectors, and which of them an item's change might concern.</summary>
/// <remarks>
/// Each selector is registered under one requirement, the one met by the fewest items, so that an item meets it only if the requirement is met. Since numbers of items change, a selector
/// that is tried in vain again and again chooses anew. A second relation finds selectors by the names they mention; a change uses whichever promises less work.
/// </remarks>
internal sealed class SelectorTable(LabelInterner interner, ItemTable items, int few)
{
    private const int Unrestricted = 0;

    private readonly Relation registrations = new();
    private readonly Relation mentions = new();
    private readonly List<int> keys = [];
    private SelectorEntry?[] entries = [];
    private int stamp;

    /// <summary>How many selectors there are.</summary>
    public int Count { get; private set; }

    /// <summary>The selector's entry, or null.</summary>
    public SelectorEntry? Find(int selector) => selector < entries.Length ? entries[selector] : null;

    public void Add(int selector, SelectorEntry entry)
    {
        Growth.EnsureIndex(ref entries, selector);
        entries[selector] = entry;
        Count++;
        mentions.Set(selector, DistinctNames(entry));
        if (!entry.IsImpossible)
            Register(selector, Choose(entry, out _));
    }

    public void Remove(int selector)
    {
        entries[selector] = null;
        Count--;
        mentions.Set(selector, []);
        registrations.Set(selector, []);
    }

    /// <summary>The requirement that the fewest items meet, null when there is none, and what visiting those items costs.</summary>
    public LabelRequirement? Choose(SelectorEntry entry, out int cost)
    {
        LabelRequirement? best = null;
        cost = items.Count;
        int bestCrowd = int.MaxValue;
        foreach (LabelRequirement requirement in entry.Requirements)
        {
            int itsCost = items.CostOf(requirement, cost);
            int crowd = CrowdOf(requirement);
            // Before there are items, a label that many selectors ask for is guessed to be one that many items will have.
            if (itsCost > cost || (itsCost == cost && crowd >= bestCrowd))
                continue;
            (best, cost, bestCrowd) = (requirement, itsCost, crowd);
        }
        return best;
    }

    /// <summary>Records that an item's change had nothing to do with the selector.</summary>
    public void Miss(int selector, SelectorEntry entry)
    {
        if (++entry.Misses < entry.Patience)
            return;
        entry.Misses = 0;
        entry.Patience = Math.Min(entry.Patience * 2, 1 << 20);
        if (Choose(entry, out _) is { } requirement)
            Register(selector, requirement);
    }

    /// <summary>Appends the selectors that might match an item with these labels.</summary>
    public void Collect(in LabelView view, List<int> selectors)
    {
        keys.Clear();
        AddKeys(view);
        CollectByKeys(ulong.MaxValue, selectors);
    }

    /// <summary>Appends the selectors whose verdict might differ between two states of an item that differ in the labels named.</summary>
    public void CollectConcerned(in LabelView before, in LabelView after, List<int> changedNames, List<int> selectors)
    {
        int byMention = CountMentions(changedNames);
        if (byMention <= few)
        {
            CollectByMention(changedNames, selectors);
            return;
        }
        keys.Clear();
        AddKeys(after);
        foreach (int name in changedNames)
            AddPairKeys(before.Find(name));
        if (CostOfKeys(byMention) < byMention)
            CollectByKeys(BitsOf(changedNames), selectors);
        else
            CollectByMention(changedNames, selectors);
    }

    private void Register(int selector, LabelRequirement? requirement)
    {
        switch (requirement)
        {
            case null:
                registrations.Set(selector, [Unrestricted]);
                break;
            case { Pairs: null } present:
                registrations.Set(selector, [KeyOfName(present.Name)]);
                break;
            case { Pairs: { } pairs }:
                registrations.Set(selector, Array.ConvertAll(pairs, KeyOfPair));
                break;
        }
    }

    private int CrowdOf(LabelRequirement requirement)
    {
        if (requirement.Pairs is null)
            return registrations.Count(KeyOfName(requirement.Name));
        int crowd = 0;
        foreach (int pair in requirement.Pairs)
            crowd += registrations.Count(KeyOfPair(pair));
        return crowd;
    }

    /// <summary>Adds the keys under which a selector that matches the item must be registered, and perhaps some of labels that are hidden.</summary>
    private void AddKeys(in LabelView view)
    {
        keys.Add(Unrestricted);
        foreach (int pair in view.Own)
            AddPairKeys(pair);
        foreach (int parent in view.Parents)
        {
            foreach (int pair in view.LabelsOf(parent))
                AddPairKeys(pair);
        }
    }

    private void AddPairKeys(int pair)
    {
        if (pair < 0)
            return;
        keys.Add(KeyOfPair(pair));
        keys.Add(KeyOfName(interner.NameOf(pair)));
    }

    private int CostOfKeys(int limit)
    {
        int cost = 0;
        foreach (int key in keys)
        {
            cost += registrations.Count(key);
            if (cost >= limit)
                break;
        }
        return cost;
    }

    private int CountMentions(List<int> names)
    {
        int count = 0;
        foreach (int name in names)
            count += mentions.Count(name);
        return count;
    }

    private void CollectByKeys(ulong nameBits, List<int> selectors)
    {
        stamp++;
        foreach (int key in keys)
            CollectOwners(registrations, key, nameBits, selectors);
    }

    private void CollectByMention(List<int> names, List<int> selectors)
    {
        stamp++;
        foreach (int name in names)
            CollectOwners(mentions, name, ulong.MaxValue, selectors);
    }

    /// <summary>Passes over selectors that mention none of the names; <see cref="ulong.MaxValue"/> stands for any name, and for none.</summary>
    private void CollectOwners(Relation relation, int key, ulong nameBits, List<int> selectors)
    {
        for (int slot = relation.First(key); slot >= 0; slot = relation.Next(slot))
        {
            SelectorEntry entry = entries[relation.Owner(slot)]!;
            if (entry.Stamp == stamp || (nameBits != ulong.MaxValue && (entry.NameBits & nameBits) == 0))
                continue;
            entry.Stamp = stamp;
            selectors.Add(relation.Owner(slot));
        }
    }

    private static ReadOnlySpan<int> DistinctNames(SelectorEntry entry) => new HashSet<int>(entry.Program.Names()).ToArray();

    private static ulong BitsOf(List<int> names)
    {
        ulong bits = 0;
        foreach (int name in CollectionsMarshal.AsSpan(names))
            bits |= 1UL << (name & 63);
        return bits;
    }

    private static int KeyOfPair(int pair) => (2 * pair) + 1;

    private static int KeyOfName(int name) => (2 * name) + 2;
}
