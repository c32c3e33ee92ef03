using Canal.Core.Addressing;
using Canal.Core.Resources;

namespace Canal.Core.Ipam;

/// <summary>One thing that is wrong.</summary>
/// <param name="Kind">What sort of thing.</param>
/// <param name="Subject">An address, a block or a handle.</param>
/// <param name="Sentence">What is wrong with it.</param>
public sealed record IpamFinding(IpamFindingKind Kind, string Subject, string Sentence)
{
    /// <summary>Of <see cref="IpamFindingKind.Leaked"/>: what to release, if it is still what was seen.</summary>
    public ReleaseTarget? Leak { get; init; }

    /// <summary>Of a finding about a block or a claim: which block.</summary>
    public Cidr? Block { get; init; }

    /// <summary>Whose it is, or who claims it.</summary>
    public BlockOwner? Owner { get; init; }
}
