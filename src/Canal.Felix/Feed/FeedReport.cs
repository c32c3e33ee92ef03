using Canal.Core.Addressing;
using Canal.Core.Resources;

namespace Canal.Felix.Feed;

/// <summary>What became of a stored value that is not as it should be.</summary>
internal enum FeedReportKind
{
    /// <summary>It cannot be understood and counts as absent.</summary>
    Ignored,

    /// <summary>It cannot be understood, and what it said before stays.</summary>
    Kept,

    /// <summary>Parts of it are left out.</summary>
    Doubtful,

    /// <summary>It was bad and is good now.</summary>
    Healed,
}

/// <summary>One line for operators about a stored value.</summary>
internal sealed record FeedReport(ResourceKey Key, FeedReportKind Kind, string Reason)
{
    /// <summary>It is about a block of addresses, which has no resource's key.</summary>
    public Cidr? Block { get; init; }

    /// <summary>What it is about.</summary>
    public string Subject => Block is { } block ? $"block {block}" : Key.ToString();
}
