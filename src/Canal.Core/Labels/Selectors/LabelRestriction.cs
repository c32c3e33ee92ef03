namespace Canal.Core.Labels;

/// <summary>What a selector demands of one label before it can match.</summary>
internal sealed class LabelRestriction
{
    public bool MustBePresent { get; set; }

    public bool MustBeAbsent { get; set; }

    /// <summary>The values it may have; null when any will do.</summary>
    public HashSet<string>? MustHaveOneOfValues { get; set; }

    /// <summary>Nothing can meet it.</summary>
    public bool IsImpossible => (MustBePresent && MustBeAbsent) || MustHaveOneOfValues is { Count: 0 };

    /// <summary>Both must hold.</summary>
    public void And(LabelRestriction other)
    {
        MustBePresent |= other.MustBePresent;
        MustBeAbsent |= other.MustBeAbsent;
        if (MustHaveOneOfValues is null)
            MustHaveOneOfValues = other.MustHaveOneOfValues;
        else if (other.MustHaveOneOfValues is not null)
            MustHaveOneOfValues.IntersectWith(other.MustHaveOneOfValues);
    }

    /// <summary>One of the two must hold. Returns whether anything is left of the demand.</summary>
    public bool Or(LabelRestriction other)
    {
        MustBePresent &= other.MustBePresent;
        MustBeAbsent &= other.MustBeAbsent;
        if (other.MustHaveOneOfValues is null)
            MustHaveOneOfValues = null;
        else
            MustHaveOneOfValues?.UnionWith(other.MustHaveOneOfValues);
        return MustBePresent || MustBeAbsent;
    }
}
