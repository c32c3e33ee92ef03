using Canal.Core.Addressing;

namespace Canal.Core.Resources;

/// <summary>Reads BGP filters. As with policies, a rule that is not understood makes the filter unusable.</summary>
internal static class BgpFilterReader
{
    public static BgpFilter Read(ref JsonScanner json, BgpFilter filter)
    {
        if (!json.BeginObject()) return filter;
        while (json.NextField())
        {
            if (json.Is("importV4"u8)) filter = filter with { ImportV4 = ReadRules(ref json, IpFamily.V4) };
            else if (json.Is("importV6"u8)) filter = filter with { ImportV6 = ReadRules(ref json, IpFamily.V6) };
            else if (json.Is("exportV4"u8)) filter = filter with { ExportV4 = ReadRules(ref json, IpFamily.V4) };
            else if (json.Is("exportV6"u8)) filter = filter with { ExportV6 = ReadRules(ref json, IpFamily.V6) };
            else json.SkipValue();
        }
        return filter;
    }

    private static EquatableArray<BgpFilterRule> ReadRules(ref JsonScanner json, IpFamily family)
    {
        if (!json.BeginArray()) return default;
        List<BgpFilterRule> rules = [];
        while (json.NextItem())
        {
            long start = json.Position;
            bool? accept = null;
            BgpFilterRule rule = new() { Accept = false };
            if (!json.BeginObject()) continue;
            while (json.NextField())
            {
                if (json.Is("action"u8)) accept = ReadAction(ref json);
                else rule = ReadMatch(ref json, rule, family);
            }
            if (json.Failed) break;
            if (accept is { } known) rules.Add(rule with { Accept = known });
            else json.FailFrom(start, "has no action");
        }
        return rules.ToEquatableArray();
    }

    private static BgpFilterRule ReadMatch(ref JsonScanner json, BgpFilterRule rule, IpFamily family)
    {
        if (json.Is("cidr"u8)) return rule with { Cidr = ReadCidr(ref json, family) };
        if (json.Is("matchOperator"u8)) return rule with { MatchOperator = json.SharedText() };
        if (json.Is("prefixLength"u8)) return ReadPrefixLength(ref json, rule, family);
        if (json.Is("source"u8)) return rule with { Source = json.SharedText() };
        if (json.Is("interface"u8)) return rule with { Interface = json.Text() };
        if (json.Is("peerType"u8)) return rule with { PeerType = json.SharedText() };
        if (json.Is("communities"u8)) return rule with { Communities = ReadCommunities(ref json) };
        if (json.Is("asPathPrefix"u8)) return rule with { AsPathPrefix = ReadPath(ref json) };
        if (json.Is("priority"u8)) return rule with { Priority = (int?)json.Integer(0, int.MaxValue) };
        if (json.Is("operations"u8)) return rule with { Operations = ReadOperations(ref json) };
        json.SkipValue();
        return rule;
    }

    private static bool? ReadAction(ref JsonScanner json)
    {
        string text = json.SharedText();
        if (text is "Accept" or "Reject") return text is "Accept";
        json.Fail($"{Problem.Quote(text)} is neither Accept nor Reject");
        return null;
    }

    private static Cidr? ReadCidr(ref JsonScanner json, IpFamily family)
    {
        Span<char> buffer = stackalloc char[64];
        ReadOnlySpan<char> text = buffer[..json.Characters(buffer)];
        if (text.IsEmpty) return null;
        if (Cidr.TryParse(text, out Cidr cidr) && cidr.Family == family) return cidr;
        json.Fail($"{Problem.Quote(text)} is not an {(family == IpFamily.V4 ? "IPv4" : "IPv6")} CIDR");
        return null;
    }

    private static BgpFilterRule ReadPrefixLength(ref JsonScanner json, BgpFilterRule rule, IpFamily family)
    {
        if (!json.BeginObject()) return rule;
        while (json.NextField())
        {
            if (json.Is("min"u8)) rule = rule with { MinPrefixLength = (byte?)json.Integer(0, family.Bits) };
            else if (json.Is("max"u8)) rule = rule with { MaxPrefixLength = (byte?)json.Integer(0, family.Bits) };
            else json.SkipValue();
        }
        return rule;
    }

    private static EquatableArray<string> ReadCommunities(ref JsonScanner json)
    {
        EquatableArray<string> values = default;
        if (!json.BeginObject()) return values;
        while (json.NextField())
        {
            if (json.Is("values"u8)) values = json.Texts();
            else json.SkipValue();
        }
        return values;
    }

    private static EquatableArray<uint> ReadPath(ref JsonScanner json)
    {
        if (!json.BeginArray()) return default;
        List<uint> path = [];
        while (json.NextItem())
            if (BgpReader.ReadAsNumber(ref json) is { } number) path.Add(number);
        return path.ToEquatableArray();
    }

    private static EquatableArray<BgpFilterOperation> ReadOperations(ref JsonScanner json)
    {
        if (!json.BeginArray()) return default;
        List<BgpFilterOperation> operations = [];
        while (json.NextItem())
        {
            if (!json.BeginObject()) continue;
            while (json.NextField())
                if (ReadOperation(ref json) is { } operation) operations.Add(operation);
        }
        return operations.ToEquatableArray();
    }

    private static BgpFilterOperation? ReadOperation(ref JsonScanner json)
    {
        BgpFilterOperation operation;
        if (json.Is("addCommunity"u8)) operation = new() { Kind = BgpFilterOperationKind.AddCommunity };
        else if (json.Is("prependASPath"u8)) operation = new() { Kind = BgpFilterOperationKind.PrependAsPath };
        else if (json.Is("setPriority"u8)) operation = new() { Kind = BgpFilterOperationKind.SetPriority };
        else
        {
            // Accepting a route without a change that was asked for would announce something else than what was meant.
            json.Fail("is not a known operation");
            return null;
        }
        if (!json.BeginObject()) return null;
        while (json.NextField())
        {
            if (json.Is("value"u8) && operation.Kind == BgpFilterOperationKind.AddCommunity) operation = operation with { Community = json.Text() };
            else if (json.Is("value"u8)) operation = operation with { Priority = (int)(json.Integer(0, int.MaxValue) ?? 0) };
            else if (json.Is("prefix"u8)) operation = operation with { AsPath = ReadPath(ref json) };
            else json.SkipValue();
        }
        return operation;
    }
}
