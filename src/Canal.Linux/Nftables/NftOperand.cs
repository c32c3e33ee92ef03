namespace Canal.Linux.Nftables;

/// <summary>What a register holds while a rule is turned into text.</summary>
/// <param name="Kind">How a value beside it is printed.</param>
/// <param name="Text">The left side of the match: <c>ip saddr</c>.</param>
/// <param name="Value">The bytes of an immediate.</param>
/// <param name="Mask">The mask that it went through, or null.</param>
/// <param name="Xor">Of the same bitwise.</param>
internal sealed record NftOperand(NftOperand.Type Kind, string Text, byte[]? Value = null, byte[]? Mask = null, byte[]? Xor = null)
{
    internal enum Type
    {
        Unknown,
        IfName,
        Mark,
        Family,
        Protocol,
        Address,
        Port,
        IcmpType,
        Icmpv6Type,
        IcmpCode,
        Icmpv6Code,
        IcmpPair,
        Icmpv6Pair,
        TcpFlags,
        CtState,
        CtStatus,
        FibInterface,
        FibType,
        Immediate,
    }
}
