using System.Runtime.InteropServices;

namespace Canal.Core.Labels;

/// <summary>Knows which selectors match which items, and says what starts and stops matching as either changes.</summary>
/// <remarks>
/// Items are endpoints and network sets; they have labels and parents (profiles), whose labels they inherit where they have none of that name. A parent may be named before it is known.
/// <para>
/// Numbers of items and selectors are the caller's; they index arrays, so they should be small and reused. Methods append to <c>changes</c>, which they do not clear. The changes depend on the
/// states before and after only, not on history: applying them in order to the set of matches before gives the set after. Setting what is already so, or removing what is not there, appends nothing.
/// </para>
/// <para>
/// Matches are not stored. An update costs time in proportion to the selectors that mention a changed label or ask for a label the item has, whichever are fewer; a new selector, to the items
/// that have the rarest label it asks for. Only selectors that ask for no label (<c>all()</c>, <c>!has(x)</c>) visit every item. One caller at a time.
/// </para>
/// </remarks>
public sealed class SelectorIndex
{
    private readonly LabelInterner interner = new();
    private readonly ItemTable items;
    private readonly SelectorTable selectors;
    private readonly List<int> candidates = [];
    private readonly List<int> children = [];
    private readonly List<int> names = [];
    private readonly List<int> changedNames = [];
    private readonly int patience;

    public SelectorIndex()
        : this(patience: 64, few: 8)
    {
    }

    /// <param name="patience">After how many vain evaluations a selector first looks for a better requirement; twice as many each time.</param>
    /// <param name="few">So many selectors that mention a changed label are evaluated sooner than fewer are looked for.</param>
    internal SelectorIndex(int patience, int few)
    {
        items = new ItemTable(interner);
        selectors = new SelectorTable(interner, items, few);
        this.patience = patience;
    }

    /// <summary>How many items there are.</summary>
    public int ItemCount => items.Count;

    /// <summary>How many selectors there are.</summary>
    public int SelectorCount => selectors.Count;

    /// <summary>How many times so far a selector was tried on an item because the item or a parent of it changed. For metrics: each costs some 50 ns.</summary>
    public long Evaluations { get; private set; }

    /// <summary>How many label names, pairs of name and value, and parents are remembered.</summary>
    internal (int Names, int Pairs, int Parents) Remembered => (interner.NameCount, interner.PairCount, items.ParentCount);

    /// <summary>Adds or changes an item.</summary>
    /// <param name="item">The caller's number for it, not negative.</param>
    /// <param name="labels">Its own labels, no name twice. Read, not kept.</param>
    /// <param name="parents">Its parents' names; the first has precedence, repetitions are ignored. Read, not kept.</param>
    /// <param name="changes">Receives what started or stopped matching it.</param>
    public void SetItem(int item, ReadOnlySpan<KeyValuePair<string, string>> labels, ReadOnlySpan<string> parents, List<MatchChange> changes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(item);
        if (!items.Set(item, labels, parents))
            return;
        CompareItem(item, changes);
        items.ForgetBefore();
    }

    /// <summary>Removes an item; every match of it stops.</summary>
    public void RemoveItem(int item, List<MatchChange> changes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(item);
        if (!items.Remove(item))
            return;
        CompareItem(item, changes);
        items.ForgetBefore();
    }

    /// <summary>Makes a parent's labels known, or changes them.</summary>
    public void SetParent(string parent, ReadOnlySpan<KeyValuePair<string, string>> labels, List<MatchChange> changes)
    {
        if (!items.SetParent(parent, labels))
            return;
        CompareChildren(changes);
        items.ForgetBefore();
    }

    /// <summary>Makes a parent unknown: it contributes no labels, though items may still name it.</summary>
    public void RemoveParent(string parent, List<MatchChange> changes)
    {
        if (!items.RemoveParent(parent))
            return;
        CompareChildren(changes);
        items.ForgetBefore();
    }

    /// <summary>Adds or changes a selector.</summary>
    /// <param name="selector">The caller's number for it, not negative.</param>
    /// <param name="expression">What it selects.</param>
    /// <param name="changes">Receives what it started or stopped matching.</param>
    public void SetSelector(int selector, Selector expression, List<MatchChange> changes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(selector);
        ArgumentNullException.ThrowIfNull(expression);
        SelectorEntry? old = selectors.Find(selector);
        if (old is not null && old.Selector == expression)
            return;
        if (old is not null)
            selectors.Remove(selector);
        SelectorEntry entry = SelectorEntryCompiler.Compile(expression, interner, patience);
        selectors.Add(selector, entry);
        if (old is not null)
            Compare(selector, old, entry, MatchChangeKind.Stopped, changes);
        Compare(selector, entry, old, MatchChangeKind.Started, changes);
        Release(old);
    }

    /// <summary>Removes a selector; every match of it stops.</summary>
    public void RemoveSelector(int selector, List<MatchChange> changes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(selector);
        if (selectors.Find(selector) is not { } old)
            return;
        selectors.Remove(selector);
        Compare(selector, old, null, MatchChangeKind.Stopped, changes);
        Release(old);
    }

    /// <summary>Whether a selector matches an item; false when either is not there.</summary>
    public bool Matches(int selector, int item) => selectors.Find(selector) is { } entry && Matches(entry, items.Now(item));

    /// <summary>Appends the selectors that match an item, in no particular order.</summary>
    public void CollectSelectors(int item, List<int> matching)
    {
        LabelView view = items.Now(item);
        if (!view.Exists)
            return;
        candidates.Clear();
        selectors.Collect(view, candidates);
        foreach (int selector in candidates)
        {
            if (Matches(selectors.Find(selector), view))
                matching.Add(selector);
        }
    }

    /// <summary>Appends the items that a selector matches, in no particular order.</summary>
    public void CollectItems(int selector, List<int> matching)
    {
        if (selectors.Find(selector) is not { } entry)
            return;
        CollectCandidates(entry);
        foreach (int item in candidates)
        {
            if (Matches(entry, items.Now(item)))
                matching.Add(item);
        }
    }

    private void CompareItem(int item, List<MatchChange> changes)
    {
        LabelView before = items.Before(item);
        LabelView after = items.Now(item);
        candidates.Clear();
        if (before.Exists && after.Exists)
        {
            names.Clear();
            AddNames(before.Own);
            AddNames(after.Own);
            if (!before.Parents.SequenceEqual(after.Parents))
            {
                AddInheritedNames(before);
                AddInheritedNames(after);
            }
            CollectConcerned(before, after);
        }
        else
        {
            selectors.Collect(after.Exists ? after : before, candidates);
        }
        CompareCandidates(item, before, after, changes);
    }

    private void CompareChildren(List<MatchChange> changes)
    {
        names.Clear();
        AddNames(items.ParentBefore);
        AddNames(items.ParentNow);
        children.Clear();
        items.CollectChildren(children);
        foreach (int item in children)
        {
            LabelView before = items.Before(item);
            LabelView after = items.Now(item);
            candidates.Clear();
            CollectConcerned(before, after);
            CompareCandidates(item, before, after, changes);
        }
    }

    private void CollectConcerned(in LabelView before, in LabelView after)
    {
        changedNames.Clear();
        foreach (int name in CollectionsMarshal.AsSpan(names))
        {
            if (before.Find(name) != after.Find(name))
                changedNames.Add(name);
        }
        selectors.CollectConcerned(before, after, changedNames, candidates);
    }

    private void CompareCandidates(int item, in LabelView before, in LabelView after, List<MatchChange> changes)
    {
        Evaluations += candidates.Count;
        foreach (int selector in CollectionsMarshal.AsSpan(candidates))
        {
            SelectorEntry entry = selectors.Find(selector)!;
            bool was = Matches(entry, before);
            bool matches = Matches(entry, after);
            if (was != matches)
                changes.Add(new MatchChange(selector, item, matches ? MatchChangeKind.Started : MatchChangeKind.Stopped));
            else if (!matches)
                selectors.Miss(selector, entry);
        }
    }

    /// <summary>Appends a change for each item that the one matches and the other does not.</summary>
    private void Compare(int selector, SelectorEntry matching, SelectorEntry? other, MatchChangeKind kind, List<MatchChange> changes)
    {
        CollectCandidates(matching);
        foreach (int item in CollectionsMarshal.AsSpan(candidates))
        {
            LabelView view = items.Now(item);
            if (Matches(matching, view) && !Matches(other, view))
                changes.Add(new MatchChange(selector, item, kind));
        }
    }

    private void CollectCandidates(SelectorEntry entry)
    {
        candidates.Clear();
        if (entry.IsImpossible)
            return;
        LabelRequirement? requirement = selectors.Choose(entry, out int cost);
        if (requirement is { } required && cost < items.Count)
            items.Collect(required, candidates);
        else
            items.CollectAll(candidates);
    }

    private void AddNames(ReadOnlySpan<int> pairs)
    {
        foreach (int pair in pairs)
            names.Add(interner.NameOf(pair));
    }

    private void AddInheritedNames(in LabelView view)
    {
        foreach (int parent in view.Parents)
            AddNames(view.LabelsOf(parent));
    }

    private void Release(SelectorEntry? entry)
    {
        if (entry is not null)
            SelectorProgramCompiler.Release(entry.Program, interner);
    }

    private static bool Matches(SelectorEntry? entry, in LabelView view) => entry is not null && view.Exists && entry.Program.Matches(view);
}
