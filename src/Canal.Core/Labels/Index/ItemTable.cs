using System.Runtime.InteropServices;

namespace Canal.Core.Labels;

/// <summary>Items and parents with their labels, the reverse way too, and how the one changed last looked before.</summary>
/// <remarks>A change is made in three steps: Set or Remove, comparing <see cref="Before(int)"/> with <see cref="Now"/>, then <see cref="ForgetBefore"/>, which gives back what only the old state used.</remarks>
internal sealed class ItemTable(LabelInterner interner)
{
    private readonly ParentTable parentTable = new();
    private readonly Relation itemLabels = new();
    private readonly Relation itemParents = new();
    private readonly Relation parentLabels = new();
    private readonly List<int> newLabels = [];
    private readonly List<int> newParents = [];
    private readonly List<int> oldLabels = [];
    private readonly List<int> oldParents = [];
    private bool[] exists = [];
    private int[] stamps = [];
    private int stamp;
    private bool oldExists;
    private int changedParent = -1;

    /// <summary>How many items there are.</summary>
    public int Count { get; private set; }

    /// <summary>How many parents are named by an item or have known labels.</summary>
    public int ParentCount => parentTable.Count;

    public LabelView Now(int item) =>
        item < exists.Length && exists[item] ? new LabelView(interner, parentLabels, itemLabels[item], itemParents[item]) : default;

    /// <summary>The item as it was before the change at hand, which was to this item or to one of its parents.</summary>
    public LabelView Before(int item)
    {
        if (changedParent >= 0)
            return new LabelView(Now(item), changedParent, CollectionsMarshal.AsSpan(oldLabels));
        return oldExists ? new LabelView(interner, parentLabels, CollectionsMarshal.AsSpan(oldLabels), CollectionsMarshal.AsSpan(oldParents)) : default;
    }

    /// <summary>Labels of the changed parent before and now.</summary>
    public ReadOnlySpan<int> ParentBefore => CollectionsMarshal.AsSpan(oldLabels);

    public ReadOnlySpan<int> ParentNow => parentLabels[changedParent];

    /// <summary>Returns whether anything changed.</summary>
    public bool Set(int item, ReadOnlySpan<KeyValuePair<string, string>> labels, ReadOnlySpan<string> parents)
    {
        Growth.EnsureIndex(ref exists, item);
        AcquireLabels(labels);
        newParents.Clear();
        parentTable.Acquire(parents, newParents);
        KeepOld(item);
        bool equal = oldExists
            && CollectionsMarshal.AsSpan(newLabels).SequenceEqual(CollectionsMarshal.AsSpan(oldLabels))
            && CollectionsMarshal.AsSpan(newParents).SequenceEqual(CollectionsMarshal.AsSpan(oldParents));
        if (equal)
        {
            ForgetBefore();
            return false;
        }
        Store(item, true);
        return true;
    }

    /// <summary>Returns whether it was there.</summary>
    public bool Remove(int item)
    {
        if (item >= exists.Length || !exists[item])
            return false;
        KeepOld(item);
        newLabels.Clear();
        newParents.Clear();
        Store(item, false);
        return true;
    }

    /// <summary>Returns whether its labels changed.</summary>
    public bool SetParent(string name, ReadOnlySpan<KeyValuePair<string, string>> labels)
    {
        AcquireLabels(labels);
        return StoreParent(parentTable.Acquire(name), true);
    }

    /// <summary>Returns whether it had labels.</summary>
    public bool RemoveParent(string name)
    {
        newLabels.Clear();
        return StoreParent(parentTable.Acquire(name), false);
    }

    /// <summary>Appends the items that have the changed parent.</summary>
    public void CollectChildren(List<int> children)
    {
        for (int slot = itemParents.First(changedParent); slot >= 0; slot = itemParents.Next(slot))
            children.Add(itemParents.Owner(slot));
    }

    /// <summary>Ends a change.</summary>
    public void ForgetBefore()
    {
        foreach (int pair in oldLabels)
            interner.ReleasePair(pair);
        foreach (int parent in oldParents)
            parentTable.Release(parent);
        if (changedParent >= 0)
            parentTable.Release(changedParent);
        oldLabels.Clear();
        oldParents.Clear();
        changedParent = -1;
    }

    /// <summary>What it costs to visit the items that might meet the requirement, in items and pairs, but at most <paramref name="limit"/>.</summary>
    public int CostOf(LabelRequirement requirement, int limit)
    {
        int cost = 0;
        if (requirement.Pairs is null)
        {
            for (int pair = interner.FirstPairOf(requirement.Name); pair >= 0 && cost < limit; pair = interner.NextPair(pair))
                cost += 1 + CostOf(pair, limit - cost);
        }
        else
        {
            for (int i = 0; i < requirement.Pairs.Length && cost < limit; i++)
                cost += CostOf(requirement.Pairs[i], limit - cost);
        }
        return Math.Min(cost, limit);
    }

    /// <summary>Appends, once each, the items that might meet the requirement: those that have such a label or inherit it, even if it is hidden.</summary>
    public void Collect(LabelRequirement requirement, List<int> items)
    {
        BeginCollecting();
        if (requirement.Pairs is null)
        {
            for (int pair = interner.FirstPairOf(requirement.Name); pair >= 0; pair = interner.NextPair(pair))
                Collect(pair, items);
            return;
        }
        foreach (int pair in requirement.Pairs)
            Collect(pair, items);
    }

    public void CollectAll(List<int> items)
    {
        for (int item = 0; item < exists.Length; item++)
        {
            if (exists[item])
                items.Add(item);
        }
    }

    private int CostOf(int pair, int limit)
    {
        int cost = itemLabels.Count(pair);
        for (int slot = parentLabels.First(pair); slot >= 0 && cost < limit; slot = parentLabels.Next(slot))
            cost += 1 + itemParents.Count(parentLabels.Owner(slot));
        return cost;
    }

    private void Collect(int pair, List<int> items)
    {
        CollectOwners(itemLabels, pair, items);
        for (int slot = parentLabels.First(pair); slot >= 0; slot = parentLabels.Next(slot))
            CollectOwners(itemParents, parentLabels.Owner(slot), items);
    }

    private void CollectOwners(Relation relation, int key, List<int> items)
    {
        for (int slot = relation.First(key); slot >= 0; slot = relation.Next(slot))
        {
            int item = relation.Owner(slot);
            if (stamps[item] == stamp)
                continue;
            stamps[item] = stamp;
            items.Add(item);
        }
    }

    private void BeginCollecting()
    {
        if (stamps.Length < exists.Length)
            stamps = new int[exists.Length];
        if (++stamp == int.MaxValue)
        {
            Array.Clear(stamps);
            stamp = 1;
        }
    }

    private void AcquireLabels(ReadOnlySpan<KeyValuePair<string, string>> labels)
    {
        newLabels.Clear();
        // A JSON null gets past the type; Go reads it as an empty text.
        foreach ((string name, string? value) in labels)
            newLabels.Add(interner.AcquirePair(name, value ?? ""));
        interner.Sort(CollectionsMarshal.AsSpan(newLabels));
    }

    private void KeepOld(int item)
    {
        oldExists = exists[item];
        oldLabels.AddRange(itemLabels[item]);
        oldParents.AddRange(itemParents[item]);
    }

    private void Store(int item, bool present)
    {
        Count += (present ? 1 : 0) - (exists[item] ? 1 : 0);
        exists[item] = present;
        if (!CollectionsMarshal.AsSpan(newLabels).SequenceEqual(itemLabels[item]))
            itemLabels.Set(item, CollectionsMarshal.AsSpan(newLabels));
        if (!CollectionsMarshal.AsSpan(newParents).SequenceEqual(itemParents[item]))
            itemParents.Set(item, CollectionsMarshal.AsSpan(newParents));
    }

    /// <summary>The parent was acquired for the time of the change.</summary>
    private bool StoreParent(int parent, bool known)
    {
        changedParent = parent;
        oldLabels.AddRange(parentLabels[parent]);
        bool equal = CollectionsMarshal.AsSpan(newLabels).SequenceEqual(CollectionsMarshal.AsSpan(oldLabels));
        parentTable.SetKnown(parent, known);
        if (equal)
            ForgetBefore();
        else
            parentLabels.Set(parent, CollectionsMarshal.AsSpan(newLabels));
        return !equal;
    }
}
