namespace Canal.Testing.Nftables;

/// <summary>An element of an interval set: the first key of a range, or the END after its last.</summary>
internal sealed record FakeBound(byte[] Key, bool IsEnd) : IComparable<FakeBound>
{
    public int CompareTo(FakeBound? other)
    {
        int order = CompareKey(other!);
        return order != 0 ? order : other!.IsEnd.CompareTo(IsEnd);
    }

    internal int CompareKey(FakeBound other) => Key.AsSpan().SequenceCompareTo(other.Key);
}
