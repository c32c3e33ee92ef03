namespace Canal.Core.Labels;

/// <summary>An item's interned labels, now or as they were before the change at hand: its own, then those of its parents in order.</summary>
internal readonly ref struct LabelView
{
    private readonly LabelInterner interner;
    private readonly Relation parentLabels;
    private readonly int changedParent;
    private readonly ReadOnlySpan<int> changedParentLabels;

    public LabelView(LabelInterner interner, Relation parentLabels, ReadOnlySpan<int> own, ReadOnlySpan<int> parents)
    {
        this.interner = interner;
        this.parentLabels = parentLabels;
        Own = own;
        Parents = parents;
        changedParent = -1;
        Exists = true;
    }

    /// <summary>The same, but with one parent's labels as given.</summary>
    public LabelView(LabelView view, int changedParent, ReadOnlySpan<int> changedParentLabels)
    {
        this = view;
        this.changedParent = changedParent;
        this.changedParentLabels = changedParentLabels;
    }

    /// <summary>False for the default value, which stands for an item that is not there and matches nothing.</summary>
    public bool Exists { get; }

    /// <summary>Pairs of the item's own labels.</summary>
    public ReadOnlySpan<int> Own { get; }

    /// <summary>Its parents; the first has precedence.</summary>
    public ReadOnlySpan<int> Parents { get; }

    /// <summary>Pairs of a parent's labels, some of which may be hidden by the item's own or an earlier parent's.</summary>
    public ReadOnlySpan<int> LabelsOf(int parent) => parent == changedParent ? changedParentLabels : parentLabels[parent];

    /// <summary>The pair that holds the label's effective value, or -1 when the label is absent.</summary>
    public int Find(int name)
    {
        int pair = interner.Find(name, Own);
        for (int i = 0; pair < 0 && i < Parents.Length; i++)
            pair = interner.Find(name, LabelsOf(Parents[i]));
        return pair;
    }

    /// <summary>The value of a pair.</summary>
    public string ValueOf(int pair) => interner.ValueOf(pair);
}
