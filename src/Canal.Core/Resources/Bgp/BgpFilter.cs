using Canal.Core.Addressing;

namespace Canal.Core.Resources;

/// <summary>Rules for routes that are learned or told, tried in order.</summary>
public sealed record BgpFilter : Resource
{
    public EquatableArray<BgpFilterRule> ImportV4 { get; init; }
    public EquatableArray<BgpFilterRule> ImportV6 { get; init; }
    public EquatableArray<BgpFilterRule> ExportV4 { get; init; }
    public EquatableArray<BgpFilterRule> ExportV6 { get; init; }

    public EquatableArray<BgpFilterRule> Import(IpFamily family) => family == IpFamily.V4 ? ImportV4 : ImportV6;

    public EquatableArray<BgpFilterRule> Export(IpFamily family) => family == IpFamily.V4 ? ExportV4 : ExportV6;
}
