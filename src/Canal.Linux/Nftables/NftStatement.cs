using Canal.Core.Addressing;

namespace Canal.Linux.Nftables;

/// <summary>
/// One part of a rule as a value, for who says the same in another packet filter's words: a closed set of cases, those that <see cref="NftRuleBuilder"/> writes.
/// </summary>
public abstract record NftStatement
{
    private NftStatement()
    {
    }

    /// <summary>A field, after the mask if there is one, is in the range or is not. A shorter value than the field's compares the beginning.</summary>
    public sealed record Compare(NftField Field, NftOperator Operation, NftRange Range, ReadOnlyMemory<byte> Mask) : NftStatement;

    /// <summary>The fields side by side are, or are not, an element of a named set.</summary>
    public sealed record InSet(IReadOnlyList<NftField> Fields, NftOperator Operation, string Set) : NftStatement;

    /// <summary>The field is in any of the ranges, or in none of them.</summary>
    public sealed record OneOf(NftField Field, NftOperator Operation, IReadOnlyList<NftRange> Ranges) : NftStatement;

    /// <summary>Goes where the map says for the field's value; to the next rule when it says nothing.</summary>
    public sealed record Dispatch(NftField Field, string Map) : NftStatement;

    /// <summary>The mark becomes (mark &amp; and) ^ xor.</summary>
    public sealed record SetMark(uint And, uint Xor) : NftStatement;

    /// <summary>The packet's code point becomes this.</summary>
    public sealed record SetDscp(byte Value) : NftStatement;

    /// <summary>Matches while so many packets, or bytes, in so many seconds are not exceeded; or what is over.</summary>
    public sealed record Limit(ulong Rate, ulong Seconds, uint Burst, bool IsOver) : NftStatement;

    /// <summary>Matches when more connections than that are there.</summary>
    public sealed record ConnectionsOver(uint Count) : NftStatement;

    /// <summary>Tells a group of nfnetlink_log.</summary>
    public sealed record LogToGroup(ushort Group, string Prefix) : NftStatement;

    /// <summary>Tells the kernel's log.</summary>
    public sealed record LogToKernel(string Prefix, NftLogLevel Level) : NftStatement;

    public sealed record Reject(NftReject Answer) : NftStatement;

    public sealed record Masquerade(PortRange? Ports, NftNatFlags Flags) : NftStatement;

    public sealed record Translate(bool IsDestination, IpAddress Address, PortRange? Ports, NftNatFlags Flags) : NftStatement;

    public sealed record Notrack : NftStatement;

    public sealed record Counter : NftStatement;

    public sealed record Decide(NftVerdict Verdict) : NftStatement;
}
