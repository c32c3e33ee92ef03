using Canal.Core.Addressing;

namespace Canal.Core.Resources;

/// <summary>Reads rules. A rule that is not understood makes the whole policy unusable: leaving it out would change what the others mean.</summary>
internal static class RuleReader
{
    private const int Buffer = 160;

    /// <summary>As Calico has it; iptables takes 255 for any type.</summary>
    private const byte HighestIcmpType = 254;

    public static EquatableArray<Rule> ReadList(ref JsonScanner json)
    {
        if (!json.BeginArray()) return default;
        List<Rule> rules = [];
        while (json.NextItem())
        {
            if (json.IsNull) json.Fail("is not a rule");
            else if (Read(ref json) is { } rule) rules.Add(rule);
        }
        return rules.ToEquatableArray();
    }

    private static Rule? Read(ref JsonScanner json)
    {
        RuleAction? action = null;
        IpFamily? version = null;
        Protocol? protocol = null, notProtocol = null;
        IcmpMatch? icmp = null, notIcmp = null;
        EntityRule source = EntityRule.Empty, destination = EntityRule.Empty;
        HttpMatch? http = null;
        LabelMap annotations = default;
        long start = json.Position;
        if (!json.BeginObject()) return null;
        while (json.NextField())
        {
            if (json.Is("action"u8)) action = ReadAction(ref json);
            else if (json.Is("protocol"u8)) protocol = ReadProtocol(ref json);
            else if (json.Is("source"u8)) source = EntityRuleReader.Read(ref json);
            else if (json.Is("destination"u8)) destination = EntityRuleReader.Read(ref json);
            else if (json.Is("ipVersion"u8)) version = ReadVersion(ref json);
            else if (json.Is("icmp"u8)) icmp = ReadIcmp(ref json);
            else if (json.Is("notProtocol"u8)) notProtocol = ReadProtocol(ref json);
            else if (json.Is("notICMP"u8)) notIcmp = ReadIcmp(ref json);
            else if (json.Is("http"u8)) http = ReadHttp(ref json);
            else if (json.Is("metadata"u8)) annotations = ReadAnnotations(ref json);
            else json.SkipValue();
        }
        if (json.Failed) return null;
        if (action is null)
        {
            json.FailFrom(start, "has no action");
            return null;
        }
        return new Rule
        {
            Action = action.Value,
            IpVersion = version,
            Protocol = protocol,
            NotProtocol = notProtocol,
            Icmp = icmp,
            NotIcmp = notIcmp,
            Source = source,
            Destination = destination,
            Http = http,
            Annotations = annotations,
        };
    }

    private static RuleAction? ReadAction(ref JsonScanner json)
    {
        Span<char> buffer = stackalloc char[Buffer];
        ReadOnlySpan<char> text = buffer[..json.Characters(buffer)];
        switch (text)
        {
            case "Allow": return RuleAction.Allow;
            case "Deny": return RuleAction.Deny;
            case "Log": return RuleAction.Log;
            case "Pass": return RuleAction.Pass;
            default:
                json.Fail($"{Problem.Quote(text)} is not an action (Allow, Deny, Log, Pass)");
                return null;
        }
    }

    private static IpFamily? ReadVersion(ref JsonScanner json)
    {
        switch (json.Integer(4, 6))
        {
            case 4: return IpFamily.V4;
            case 6: return IpFamily.V6;
            case 5: json.Fail("is neither 4 nor 6"); return null;
            default: return null;
        }
    }

    /// <summary>A protocol whose number is known and may be in a rule; null for JSON null. 0 may not: iptables takes it for any.</summary>
    public static Protocol? ReadProtocol(ref JsonScanner json)
    {
        if (json.IsNull) return null;
        Span<char> buffer = stackalloc char[Buffer];
        ReadOnlySpan<char> text = buffer[..json.NumberOrCharacters(buffer)];
        Protocol protocol = Protocol.FromText(text);
        if (protocol.Number > 0) return protocol;
        json.Fail($"{Problem.Quote(text)} is not a protocol");
        return null;
    }

    private static IcmpMatch? ReadIcmp(ref JsonScanner json)
    {
        byte? type = null, code = null;
        if (!json.BeginObject()) return null;
        while (json.NextField())
        {
            if (json.Is("type"u8)) type = (byte?)json.Integer(0, HighestIcmpType);
            else if (json.Is("code"u8)) code = (byte?)json.Integer(0, 255);
            else json.SkipValue();
        }
        return new IcmpMatch(type, code);
    }

    private static LabelMap ReadAnnotations(ref JsonScanner json)
    {
        LabelMap annotations = default;
        if (!json.BeginObject()) return annotations;
        while (json.NextField())
        {
            if (json.Is("annotations"u8)) annotations = json.LabelsOrDrop();
            else json.SkipValue();
        }
        return annotations;
    }

    private static HttpMatch? ReadHttp(ref JsonScanner json)
    {
        EquatableArray<string> methods = default;
        EquatableArray<HttpPath> paths = default;
        if (!json.BeginObject()) return null;
        while (json.NextField())
        {
            if (json.Is("methods"u8)) methods = json.Texts();
            else if (json.Is("paths"u8)) paths = ReadPaths(ref json);
            else json.SkipValue();
        }
        return new HttpMatch { Methods = methods, Paths = paths };
    }

    private static EquatableArray<HttpPath> ReadPaths(ref JsonScanner json)
    {
        if (!json.BeginArray()) return default;
        List<HttpPath> paths = [];
        while (json.NextItem())
        {
            string? exact = null, prefix = null;
            if (!json.BeginObject()) continue;
            while (json.NextField())
            {
                if (json.Is("exact"u8)) exact = json.Text();
                else if (json.Is("prefix"u8)) prefix = json.Text();
                else json.SkipValue();
            }
            paths.Add(new HttpPath(exact, prefix));
        }
        return paths.ToEquatableArray();
    }
}
