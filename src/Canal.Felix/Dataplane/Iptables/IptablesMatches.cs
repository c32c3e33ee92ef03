using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text;
using Canal.Core.Addressing;
using Canal.Linux.Nftables;

namespace Canal.Felix.Dataplane.Iptables;

/// <summary>
/// Gathers what one rule matches and says it in iptables' words. What nftables says with a set written inside the rule becomes several rules. For one rule
/// and one family.
/// </summary>
/// <remarks>NotSupportedException: iptables has no way to say it.</remarks>
internal sealed class IptablesMatches(IpFamily family, ulong identity)
{
    /// <summary>multiport has room for so many; a range takes two.</summary>
    private const int PortSlots = 15;

    /// <summary>A number that is a value in a packet, and in a rule of iptables stands for all of them.</summary>
    private const byte AnyProtocol = 0, AnyIcmpType = 255;

    private static readonly string[] TcpFlagNames = ["FIN", "SYN", "RST", "PSH", "ACK", "URG"];

    private readonly List<string> interfaces = [], modules = [];
    private readonly List<string[]> alternatives = [];
    private readonly HashSet<byte> notProtocols = [];
    private byte[]? protocols;
    private string source = "", destination = "";

    /// <summary>No packet of the family can match.</summary>
    public bool IsNever { get; private set; }

    /// <summary>The protocol is tcp for certain: a reset can answer.</summary>
    public bool IsTcp => protocols is [6];

    /// <summary>One text for each rule that it takes.</summary>
    public IEnumerable<string> Texts()
    {
        if (IsNever) return [];
        IEnumerable<string> texts = [string.Concat(interfaces) + source + destination];
        texts = Product(texts, Protocols());
        foreach (string[] alternative in alternatives) texts = Product(texts, alternative);
        string rest = string.Concat(modules);
        return texts.Select(text => text + rest);
    }

    /// <summary>Takes a match in; false when the statement is none.</summary>
    public bool Take(NftStatement statement)
    {
        switch (statement)
        {
            case NftStatement.Compare compare: Compare(compare, compare.Operation == NftOperator.NotEqual); return true;
            case NftStatement.InSet set: modules.Add($" -m set {Not(set.Operation)}--match-set {IptablesNames.Set(set.Set)} {string.Join(',', set.Fields.Where(f => f != NftField.Protocol).Select(Side))}"); return true;
            case NftStatement.OneOf some: OneOf(some, some.Operation == NftOperator.NotEqual); return true;
            case NftStatement.Limit { IsOver: true } over: Over(over); return true;
            case NftStatement.Limit limit: Within(limit); return true;
            // A mask of no bits counts all connections as one source's.
            case NftStatement.ConnectionsOver over: modules.Add(string.Create(CultureInfo.InvariantCulture, $" -m connlimit --connlimit-above {over.Count} --connlimit-mask 0")); return true;
            default: return false;
        }
    }

    /// <summary>What -m limit can say, in a second, and at once.</summary>
    private const ulong MostPackets = 10_000;

    /// <summary>
    /// The kernel keeps what is saved up for a burst as 32 bits of credits, in which it is certain to have room for a day whatever its HZ (xt_limit's MAX_CPJ): a
    /// longer one is refused, or comes out as another one (1/day with a burst of 5).
    /// </summary>
    private const ulong LongestBurst = 86_400;

    private void Compare(NftStatement.Compare compare, bool not)
    {
        ReadOnlySpan<byte> value = compare.Range.First.Span, mask = compare.Mask.Span;
        string no = not ? "! " : "";
        switch (compare.Field)
        {
            case NftField.Family: IsNever |= (value[0] == (family == IpFamily.V4 ? 2 : 10)) == not; break;
            case NftField.Protocol: Protocol([value[0]], not); break;
            case NftField.InInterface: interfaces.Add($" {no}-i {Interface(value)}"); break;
            case NftField.OutInterface: interfaces.Add($" {no}-o {Interface(value)}"); break;
            case NftField.Mark: modules.Add($" -m mark {no}--mark {Masked(value, mask)}"); break;
            case NftField.ConnectionMark: modules.Add($" -m connmark {no}--mark {Masked(value, mask)}"); break;
            // Any of the bits under the mask is compared with none.
            case NftField.ConnectionState: modules.Add($" -m conntrack {(not ? "" : "! ")}--ctstate {States(U32(mask))}"); break;
            case NftField.ConnectionStatus: modules.Add($" -m conntrack {(not ? "" : "! ")}--ctstate DNAT"); break;
            case NftField.SourceAddress: source = Once(source, $" {no}-s {Prefix(value, mask)}"); break;
            case NftField.DestinationAddress: destination = Once(destination, $" {no}-d {Prefix(value, mask)}"); break;
            case NftField.SourcePort or NftField.DestinationPort: modules.Add($" -m multiport {no}{PortWord(compare.Field)} {Port(compare.Range)}"); break;
            case NftField.IcmpType or NftField.IcmpTypeAndCode: modules.Add($" {Icmp(no, value)}"); break;
            case NftField.TcpFlags: modules.Add($" -m tcp {no}--tcp-flags {Flags(mask[0])} {Flags(value[0])}"); break;
            case NftField.ReversePath: modules.Add($" -m rpfilter --validmark{(not ? "" : " --invert")}"); break;
            case NftField.SourceType: modules.Add($" -m addrtype {no}--src-type LOCAL"); break;
            case NftField.SourceTypeAtOutInterface: modules.Add($" -m addrtype {no}--src-type LOCAL --limit-iface-out"); break;
            case NftField.DestinationType: modules.Add($" -m addrtype {no}--dst-type LOCAL"); break;
            default: throw new NotSupportedException($"iptables cannot compare {compare.Field}");
        }
    }

    private void OneOf(NftStatement.OneOf some, bool not)
    {
        switch (some.Field)
        {
            case NftField.Protocol: Protocol([.. some.Ranges.Select(r => r.First.Span[0])], not); break;
            case NftField.SourcePort or NftField.DestinationPort: Ports(some, not); break;
            case NftField.SourceAddress or NftField.DestinationAddress when !not:
                alternatives.Add([.. some.Ranges.Select(r => $" {(some.Field == NftField.SourceAddress ? "-s" : "-d")} {Covering(r)}")]);
                break;
            case NftField.IcmpTypeAndCode when not: foreach (NftRange pair in some.Ranges) modules.Add($" {Icmp("! ", pair.First.Span)}"); break;
            default: throw new NotSupportedException($"iptables cannot compare {some.Field} with a list");
        }
    }

    private void Protocol(byte[] these, bool not)
    {
        if (these.Contains(AnyProtocol)) throw new NotSupportedException($"iptables takes the protocol {AnyProtocol} for any");
        if (not) notProtocols.UnionWith(these);
        else protocols = protocols is null ? these : [.. protocols.Intersect(these)];
        IsNever |= protocols is not null && protocols.All(notProtocols.Contains);
    }

    private IEnumerable<string> Protocols()
    {
        if (protocols is not null) return protocols.Where(p => !notProtocols.Contains(p)).Select(p => $" -p {Number(p)}");
        if (notProtocols.Count > 1) throw new NotSupportedException("iptables can exclude one protocol only");
        return notProtocols.Count == 1 ? [$" ! -p {Number(notProtocols.First())}"] : [""];
    }

    private void Ports(NftStatement.OneOf some, bool not)
    {
        List<string> runs = [];
        int room = 0;
        foreach (NftRange range in some.Ranges)
        {
            int slots = range.First.Span.SequenceEqual(range.Last.Span) ? 1 : 2;
            bool fits = room >= slots;
            if (fits) runs[^1] += $",{Port(range)}";
            else runs.Add(Port(range));
            room = (fits ? room : PortSlots) - slots;
        }
        string[] texts = [.. runs.Select(run => $" -m multiport {(not ? "! " : "")}{PortWord(some.Field)} {run}")];
        if (not || texts.Length == 1) modules.AddRange(texts);
        else alternatives.Add(texts);
    }

    /// <summary>A bucket of the kernel's for each such rule and family.</summary>
    private void Over(NftStatement.Limit over)
    {
        const ulong Most = 1_000_000;
        modules.Add($" -m hashlimit --hashlimit-above {Number(Math.Min(over.Rate, Most))}/sec --hashlimit-burst {Number(Math.Clamp(over.Burst, 1, Most))} --hashlimit-name {IptablesNames.Prefix}{identity:x}");
    }

    private void Within(NftStatement.Limit limit)
    {
        ulong rate = Math.Min(limit.Rate, MostPackets * limit.Seconds);
        ulong burst = Math.Clamp(Math.Min(limit.Burst, LongestBurst * rate / limit.Seconds), 1, MostPackets);
        modules.Add($" -m limit --limit {Number(rate)}/{Unit(limit.Seconds)} --limit-burst {Number(burst)}");
    }

    private string Icmp(string no, ReadOnlySpan<byte> value)
    {
        if (family == IpFamily.V4 && value[0] == AnyIcmpType) throw new NotSupportedException($"iptables takes the ICMP type {AnyIcmpType} for any");
        string text = value.Length == 1 ? Number(value[0]) : $"{Number(value[0])}/{Number(value[1])}";
        return family == IpFamily.V4 ? $"-m icmp {no}--icmp-type {text}" : $"-m icmp6 {no}--icmpv6-type {text}";
    }

    /// <summary>A name that was not filled up with zeros is the beginning of names.</summary>
    private static string Interface(ReadOnlySpan<byte> value)
    {
        int end = value.IndexOf((byte)0);
        string name = Encoding.UTF8.GetString(end < 0 ? value : value[..end]);
        return InterfaceMatch(name, isPrefix: end < 0);
    }

    /// <summary>An interface's name, or the beginning of names, as iptables wants it.</summary>
    /// <exception cref="NotSupportedException">A whole name that ends in what iptables takes for the beginning of others.</exception>
    public static string InterfaceMatch(string name, bool isPrefix)
    {
        if (!isPrefix && name.EndsWith('+')) throw new NotSupportedException($"iptables takes the interface name {name} for a prefix");
        string text = isPrefix ? name + "+" : name;
        return text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' or '+' or ':' or '@') ? text : IptablesRule.Quote(text, int.MaxValue);
    }

    /// <summary>A value shorter than an address compares its whole bytes.</summary>
    private string Prefix(ReadOnlySpan<byte> value, ReadOnlySpan<byte> mask)
    {
        Span<byte> address = stackalloc byte[family.Bytes];
        address.Clear();
        value.CopyTo(address);
        int length = value.Length * 8;
        if (!mask.IsEmpty) length = mask.ToArray().Sum(b => BitOperations.PopCount(b));
        return new Cidr(IpAddress.FromBytes(address), length).ToString();
    }

    private static string Covering(NftRange range)
    {
        ReadOnlySpan<byte> first = range.First.Span, last = range.Last.Span;
        int same = 0;
        while (same < first.Length * 8 && ((first[same / 8] ^ last[same / 8]) & (0x80 >> (same % 8))) == 0) same++;
        return new Cidr(IpAddress.FromBytes(first), same).ToString();
    }

    private static string Masked(ReadOnlySpan<byte> value, ReadOnlySpan<byte> mask) => $"0x{U32(value):x}/0x{(mask.IsEmpty ? uint.MaxValue : U32(mask)):x}";

    private static string States(uint mask)
    {
        List<string> names = [];
        foreach (NftCtState state in (ReadOnlySpan<NftCtState>)[NftCtState.Invalid, NftCtState.Related, NftCtState.Established, NftCtState.New, NftCtState.Untracked])
            if ((mask & (uint)state) != 0) names.Add(state.ToString().ToUpperInvariant());
        return string.Join(',', names);
    }

    private static string Flags(byte bits) => bits == 0 ? "NONE" : string.Join(',', TcpFlagNames.Where((_, i) => (bits & (1 << i)) != 0));

    private static string Once(string held, string now) => held.Length == 0 ? now : throw new NotSupportedException("iptables compares an address once only");

    private static string Side(NftField field) => field is NftField.SourceAddress or NftField.SourcePort ? "src" : "dst";

    private static string PortWord(NftField field) => field == NftField.SourcePort ? "--sports" : "--dports";

    private static string Port(NftRange range)
    {
        ushort first = BinaryPrimitives.ReadUInt16BigEndian(range.First.Span), last = BinaryPrimitives.ReadUInt16BigEndian(range.Last.Span);
        return first == last ? Number(first) : $"{Number(first)}:{Number(last)}";
    }

    private static string Unit(ulong seconds) => ((NftLimitUnit)seconds).ToString().ToLowerInvariant();

    private static string Not(NftOperator operation) => operation == NftOperator.NotEqual ? "! " : "";

    private static uint U32(ReadOnlySpan<byte> value) => BinaryPrimitives.ReadUInt32LittleEndian(value);

    private static string Number(ulong value) => value.ToString(CultureInfo.InvariantCulture);

    private static IEnumerable<string> Product(IEnumerable<string> heads, IEnumerable<string> tails) => heads.SelectMany(head => tails.Select(tail => head + tail));
}
