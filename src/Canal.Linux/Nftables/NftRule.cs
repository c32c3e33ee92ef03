using System.Text;

namespace Canal.Linux.Nftables;

/// <summary>
/// A rule as the kernel gets it: the bytes of its expressions, encoded once, and a comment. Made by <see cref="NftRuleBuilder"/>; equal when the bytes are.
/// </summary>
public sealed class NftRule : IEquatable<NftRule>
{
    private readonly byte[] expressions;
    private readonly NftAnonymousLookup[] lookups;

    internal NftRule(byte[] expressions, int counterOffset, NftAnonymousLookup[] lookups, string? comment)
    {
        (this.expressions, this.lookups) = (expressions, lookups);
        (CounterOffset, Comment) = (counterOffset, NftUserData.Clean(comment));
        Identity = ComputeIdentity();
    }

    /// <summary>At most 127 bytes of UTF-8 without control characters; "" for none.</summary>
    public string Comment { get; }

    /// <summary>
    /// A hash of everything the rule says, its counter's value aside. It lives in the rule's user data: two rules with one identity are taken as the same.
    /// </summary>
    public ulong Identity { get; }

    /// <summary>True when the rule counts.</summary>
    public bool HasCounter => CounterOffset >= 0;

    /// <summary>Payload of NFTA_RULE_EXPRESSIONS; the SET_ID of each anonymous lookup is 0.</summary>
    internal ReadOnlySpan<byte> Expressions => expressions;

    /// <summary>Where the counter expression begins, or -1. It holds no values.</summary>
    internal int CounterOffset { get; }

    /// <summary>The sets written inside the rule, in the order of their lookups.</summary>
    internal ReadOnlySpan<NftAnonymousLookup> Lookups => lookups;

    /// <summary>What the rule says, part by part.</summary>
    public IReadOnlyList<NftStatement> Statements() => NftStatementReader.Read(this);

    public bool Equals(NftRule? other) =>
        ReferenceEquals(this, other) || (other is not null && Identity == other.Identity && Comment == other.Comment
            && Expressions.SequenceEqual(other.Expressions) && Lookups.SequenceEqual(other.Lookups));

    public override bool Equals(object? obj) => Equals(obj as NftRule);

    public override int GetHashCode() => Identity.GetHashCode();

    /// <summary>As nft prints it.</summary>
    public override string ToString() => NftRuleText.Format(this);

    private ulong ComputeIdentity()
    {
        ulong hash = NftIdentity.Compute(0, expressions);
        foreach (NftAnonymousLookup lookup in lookups)
            hash = NftIdentity.Compute(hash ^ lookup.Set.Key.Number ^ ((ulong)lookup.Set.Flags << 32), lookup.Set.Elements);
        return NftIdentity.Compute(hash, Encoding.UTF8.GetBytes(Comment));
    }
}
