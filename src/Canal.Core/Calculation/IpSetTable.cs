using System.Runtime.InteropServices;
using Canal.Core.Addressing;
using Canal.Core.IpSets;
using Canal.Core.Labels;
using Canal.Core.Policy;
using Canal.Core.Resources;

namespace Canal.Core.Calculation;

/// <summary>
/// Every endpoint and network set of the cluster as a possible member, and every set that an active rule refers to. A change costs time in proportion
/// to the selectors and sets it concerns. Sets of one selector (its addresses, its named ports) share one selector in the index.
/// </summary>
internal sealed class IpSetTable
{
    private readonly SelectorIndex index = new();
    private readonly List<MatchChange> matchChanges = [];
    private readonly List<Contribution> contributions = [];
    private readonly Dictionary<Selector, int> selectorIds = [];
    private readonly List<List<Entry>> consumers = [];
    private readonly Stack<int> freeSelectorIds = [];
    private readonly Dictionary<IpSetSpec, Entry> sets = [];
    private readonly List<Entry> changed = [];
    private readonly HashSet<Entry> unused = [];
    private int v6Addresses;
    private SetShape families = SetShape.V4Addresses;

    /// <summary>Users (policies and profiles) that refer to a set whose shape may have changed; the caller empties it.</summary>
    public HashSet<ResourceKey> ReshapedUsers { get; } = [];

    /// <summary>Number of sets in use.</summary>
    public int Count => sets.Count;

    /// <summary>Puts a member in, or replaces it. The id is the caller's, small and dense.</summary>
    public void SetItem(int id, LabelMap labels, EquatableArray<string> parents, Contribution contribution)
    {
        while (contributions.Count <= id) contributions.Add(default);
        if (!contributions[id].Equals(contribution))
        {
            // Members are withdrawn under the old contribution and added under the new one; what is equal cancels out.
            RemoveItem(id);
            contributions[id] = contribution;
            CountV6(contribution.V6Count);
        }
        index.SetItem(id, labels.AsSpan(), parents.AsSpan(), matchChanges);
        ApplyMatches();
    }

    /// <summary>What a member contributes, without its ports.</summary>
    public EquatableArray<Cidr> AddressesOf(int id) => contributions[id].Addresses;

    /// <summary>Takes a member out; nothing happens when it is not there.</summary>
    public void RemoveItem(int id)
    {
        if (id >= contributions.Count) return;
        index.RemoveItem(id, matchChanges);
        ApplyMatches();
        CountV6(-contributions[id].V6Count);
        contributions[id] = default;
    }

    /// <summary>Sets the labels that members inherit from a parent (a profile's labelsToApply); null when the parent is gone.</summary>
    public void SetParent(string name, LabelMap? labels)
    {
        if (labels is { } known) index.SetParent(name, known.AsSpan(), matchChanges);
        else index.RemoveParent(name, matchChanges);
        ApplyMatches();
    }

    /// <summary>The user refers to the set from now on. Repeated by the same user: nothing.</summary>
    public void Acquire(IpSetSpec spec, ResourceKey user)
    {
        if (!sets.TryGetValue(spec, out Entry? entry)) entry = Create(spec);
        entry.Users.Add(user);
        unused.Remove(entry);
    }

    /// <summary>The user does not refer to the set any more. The set is kept up to date until the changes are taken: it may be wanted again.</summary>
    public void Release(IpSetSpec spec, ResourceKey user)
    {
        if (sets.TryGetValue(spec, out Entry? entry) && entry.Users.Remove(user) && entry.Users.Count == 0) unused.Add(entry);
    }

    /// <summary>What the set can hold now. Single addresses count as possible in every family the cluster uses, prefixes only when there is one.</summary>
    public SetShape ShapeOf(IpSetSpec spec)
    {
        SetShape shape = families;
        if (sets.TryGetValue(spec, out Entry? entry)) shape |= entry.PrefixShape;
        return shape;
    }

    /// <summary>Everything that changed since the last call.</summary>
    public void TakeChanges(List<IpSetChange> changes)
    {
        foreach (Entry entry in unused) Drop(entry, changes);
        unused.Clear();
        foreach (Entry entry in changed)
        {
            entry.IsChanged = false;
            if (entry.IsDropped) continue;
            IpSetDelta delta = entry.Members.TakeChanges();
            if (!entry.Emitted) changes.Add(new IpSetChange(entry.Spec, IpSetChangeKind.Created, delta));
            else if (!delta.IsEmpty) changes.Add(new IpSetChange(entry.Spec, IpSetChangeKind.Updated, delta));
            entry.Emitted = true;
        }
        changed.Clear();
    }

    /// <summary>The members of a set that is in use; null for any other.</summary>
    public MemberSet? Find(IpSetSpec spec) => sets.GetValueOrDefault(spec)?.Members;

    /// <summary>The policies and profiles whose rules look a set up.</summary>
    public IReadOnlyCollection<ResourceKey> UsersOf(IpSetSpec spec) => sets.TryGetValue(spec, out Entry? entry) ? entry.Users : [];

    /// <summary>All members of a set that is in use; null for any other.</summary>
    public IpSetDelta? Everything(IpSetSpec spec) => sets.TryGetValue(spec, out Entry? entry) ? entry.Members.Everything() : null;

    private Entry Create(IpSetSpec spec)
    {
        Entry entry = new(spec);
        sets.Add(spec, entry);
        NoteChange(entry);
        if (selectorIds.TryGetValue(spec.Selector, out int selectorId))
        {
            // The selector is already matched for another kind of set; its present matches are asked for anew.
            consumers[selectorId].Add(entry);
            List<int> matching = [];
            index.CollectItems(selectorId, matching);
            foreach (int item in matching) contributions[item].AddTo(entry.Members, spec);
            entry.PrefixShape = PrefixShapeOf(entry.Members);
            return entry;
        }
        selectorId = freeSelectorIds.Count > 0 ? freeSelectorIds.Pop() : consumers.Count;
        if (selectorId == consumers.Count) consumers.Add([]);
        selectorIds.Add(spec.Selector, selectorId);
        consumers[selectorId].Add(entry);
        index.SetSelector(selectorId, spec.Selector, matchChanges);
        ApplyMatches();
        return entry;
    }

    private void Drop(Entry entry, List<IpSetChange> changes)
    {
        sets.Remove(entry.Spec);
        entry.IsDropped = true;
        if (entry.Emitted) changes.Add(new IpSetChange(entry.Spec, IpSetChangeKind.Removed, new IpSetDelta()));
        int selectorId = selectorIds[entry.Spec.Selector];
        consumers[selectorId].Remove(entry);
        if (consumers[selectorId].Count > 0) return;
        selectorIds.Remove(entry.Spec.Selector);
        index.RemoveSelector(selectorId, matchChanges);
        matchChanges.Clear();
        freeSelectorIds.Push(selectorId);
    }

    private void ApplyMatches()
    {
        foreach (MatchChange change in CollectionsMarshal.AsSpan(matchChanges))
        {
            ref readonly Contribution contribution = ref CollectionsMarshal.AsSpan(contributions)[change.Item];
            foreach (Entry entry in consumers[change.Selector])
            {
                if (change.Kind == MatchChangeKind.Started) contribution.AddTo(entry.Members, entry.Spec);
                else contribution.RemoveFrom(entry.Members, entry.Spec);
                NoteChange(entry);
                NoteShape(entry);
            }
        }
        matchChanges.Clear();
    }

    private void NoteChange(Entry entry)
    {
        if (entry.IsChanged) return;
        entry.IsChanged = true;
        changed.Add(entry);
    }

    private void NoteShape(Entry entry)
    {
        SetShape shape = PrefixShapeOf(entry.Members);
        if (shape == entry.PrefixShape) return;
        entry.PrefixShape = shape;
        ReshapedUsers.UnionWith(entry.Users);
    }

    private static SetShape PrefixShapeOf(MemberSet members) =>
        (members.HasPrefixes(IpFamily.V4) ? SetShape.V4Prefixes : SetShape.None) | (members.HasPrefixes(IpFamily.V6) ? SetShape.V6Prefixes : SetShape.None);

    private void CountV6(int difference)
    {
        v6Addresses += difference;
        SetShape now = v6Addresses > 0 ? SetShape.V4Addresses | SetShape.V6Addresses : SetShape.V4Addresses;
        if (now == families) return;
        families = now;
        foreach (Entry entry in sets.Values) ReshapedUsers.UnionWith(entry.Users);
    }

    private sealed class Entry(IpSetSpec spec)
    {
        public IpSetSpec Spec { get; } = spec;
        public MemberSet Members { get; } = new();
        public HashSet<ResourceKey> Users { get; } = [];
        public SetShape PrefixShape { get; set; }
        public bool Emitted { get; set; }
        public bool IsChanged { get; set; }
        public bool IsDropped { get; set; }
    }
}
