using Canal.Core.Resources;

namespace Canal.Core.Bgp;

/// <summary>A BGPFilter that sessions name.</summary>
public sealed record NamedFilter(
    string Name, EquatableArray<BgpFilterRule> ImportV4, EquatableArray<BgpFilterRule> ImportV6, EquatableArray<BgpFilterRule> ExportV4, EquatableArray<BgpFilterRule> ExportV6)
{
    private static readonly EquatableArray<BgpFilterRule> Reject = [new BgpFilterRule { Accept = false }];

    public static NamedFilter Of(BgpFilter filter) => new(filter.Key.Name, filter.ImportV4, filter.ImportV6, filter.ExportV4, filter.ExportV6);

    /// <summary>Lets nothing pass: what stands for a filter that is wanted and not understood.</summary>
    public static NamedFilter RejectingAll(string name) => new(name, Reject, Reject, Reject, Reject);
}
