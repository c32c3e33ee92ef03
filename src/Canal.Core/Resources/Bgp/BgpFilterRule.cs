using Canal.Core.Addressing;

namespace Canal.Core.Resources;

/// <summary>A rule of a filter; all that is given must match.</summary>
public sealed record BgpFilterRule
{
    /// <summary>Accept, else reject.</summary>
    public required bool Accept { get; init; }
    public Cidr? Cidr { get; init; }

    /// <summary>Equal, NotEqual, In or NotIn; empty without a prefix.</summary>
    public string MatchOperator { get; init; } = "";
    public byte? MinPrefixLength { get; init; }
    public byte? MaxPrefixLength { get; init; }

    /// <summary>RemotePeers, or empty.</summary>
    public string Source { get; init; } = "";

    /// <summary>May contain <c>*</c>.</summary>
    public string Interface { get; init; } = "";

    /// <summary>eBGP, iBGP, or empty for both.</summary>
    public string PeerType { get; init; } = "";
    public EquatableArray<string> Communities { get; init; }
    public EquatableArray<uint> AsPathPrefix { get; init; }
    public int? Priority { get; init; }
    public EquatableArray<BgpFilterOperation> Operations { get; init; }
}
