using Canal.Core.Resources;

namespace Canal.Core.Ipam;

/// <summary>What to do next: read more and plan again, or write all of it in one transaction.</summary>
public sealed record IpamPlan<T>
{
    /// <summary>Keys whose values decide and are not known yet. While there are any, the rest of the plan is empty.</summary>
    public EquatableArray<IpamKey> Needs { get; init; }

    /// <summary>At most <see cref="IpamDraft.MostWrites"/> and a few; empty when nothing has to change.</summary>
    public EquatableArray<IpamWrite> Writes { get; init; }

    /// <summary>What must not have changed when the writes are done.</summary>
    public EquatableArray<IpamGuard> Guards { get; init; }

    /// <summary>What is true once the writes are done; null while there are needs.</summary>
    public T? Outcome { get; init; }
}
