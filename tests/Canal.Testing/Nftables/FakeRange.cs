namespace Canal.Testing.Nftables;

/// <summary>Keys from Start up to, but not including, Next; without one up to the last key of all.</summary>
internal sealed record FakeRange(byte[] Start, byte[]? Next) : IComparable<FakeRange>
{
    /// <summary>By the first key.</summary>
    public int CompareTo(FakeRange? other) => Start.AsSpan().SequenceCompareTo(other!.Start);

    internal bool Overlaps(FakeRange other) => StartsBefore(Start, other.Next) && StartsBefore(other.Start, Next);

    internal bool IsSame(FakeRange other) =>
        Start.AsSpan().SequenceEqual(other.Start) && (Next is null) == (other.Next is null) && Next.AsSpan().SequenceEqual(other.Next);

    private static bool StartsBefore(byte[] start, byte[]? next) => next is null || start.AsSpan().SequenceCompareTo(next) < 0;
}
