namespace Canal.Linux.Routing;

/// <summary>A queueing discipline at the root of a link, or the hook for what comes in by it (<c>ingress</c>, <c>clsact</c>).</summary>
public sealed record Qdisc : KernelObject
{
    /// <summary>Handle of the hook.</summary>
    public const uint IngressHandle = 0xffff0000;

    /// <summary>TC_H_ROOT.</summary>
    public const uint RootParent = 0xffffffff;

    /// <summary>TC_H_INGRESS.</summary>
    public const uint IngressParent = 0xfffffff1;

    public required int Interface { get; init; }

    /// <summary><c>tbf</c>, <c>ingress</c>, <c>htb</c> …</summary>
    public required string Kind { get; init; }

    /// <summary>Major number in the upper half; 0 is the one that a link has when nobody asked for another.</summary>
    public required uint Handle { get; init; }

    public uint Parent { get; init; } = RootParent;

    /// <summary>Of a tbf; else null.</summary>
    public TokenBucket? Bucket { get; init; }

    public bool IsRoot => Parent == RootParent;

    /// <summary>The hook for what comes in by a link.</summary>
    public static Qdisc Ingress(int link) => new() { Interface = link, Kind = "ingress", Handle = IngressHandle, Parent = IngressParent };

    public override string Print(LinkNames names)
    {
        string text = $"qdisc {Kind} {Handle >> 16:x}: dev {names[Interface]} {(IsRoot ? "root" : "ingress")}";
        if (Bucket is { } bucket) text += $" rate {bucket.Rate}B/s burst {bucket.Burst} ticks limit {bucket.Limit}B";
        return Bucket is { PeakRate: > 0 } peak ? $"{text} peakrate {peak.PeakRate}B/s minburst {peak.PeakBurst} ticks" : text;
    }
}
