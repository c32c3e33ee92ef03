using System.Globalization;
using System.Text.Json.Nodes;
using Canal.Core.Resources;
using Canal.Testing;

namespace Canal.Core.Tests.Resources;

/// <summary>Calico's tables of the types that are numbers or strings: every record of every table is checked, and each difference is named.</summary>
public sealed class NumberOrStringConformanceTests
{
    /// <summary>The tables, what checks them, and how many records they had when this was written.</summary>
    private static readonly Dictionary<string, (Func<JsonObject, string?> Check, int AtLeast)> Tables = new(StringComparer.Ordinal)
    {
        ["NumOrStringJSONUnmarshaling"] = (Unmarshalling, 39),
        ["NumOrStringJSONMarshaling"] = (Marshalling, 13),
        ["NumOrStringStringify"] = (Stringify, 8),
        ["NumOrStringDSCP Validate method validates string inputs correctly"] = (DscpIsValid, 13),
        ["NumOrStringDSCP Validate method validates numerical inputs correctly"] = (DscpIsValid, 5),
        ["NumOrStringDSCP FromString is not case-sensitive"] = (DscpWhateverTheCase, 4),
        ["NumOrStringDSCP ToUint8 returns valid values"] = (DscpValue, 3),
        ["NumOrStringProtocolsSupportingPorts"] = (SupportsPorts, 6),
        ["NumOrStringProtocols FromString is not case-sensitive"] = (ProtocolWhateverTheCase, 4),
        ["NumOrStringProtocols FromStringV1 is lowercase"] = (ProtocolOfTheOldModel, 4),
        ["NumOrString named ports"] = (NamedPort, 4),
    };

    [Fact]
    public void Every_record_of_every_table_agrees()
    {
        JsonArray records = JsonNode.Parse(File.ReadAllText(Conformance.Require("calico/numorstring.json")))!.AsArray();
        ILookup<string, JsonObject> tables = records.Select(record => record!.AsObject()).ToLookup(record => (string)record["table"]!);
        Assert.Equal(Tables.Keys.Order(StringComparer.Ordinal), tables.Select(table => table.Key).Order(StringComparer.Ordinal));
        List<string> wrong = [];
        foreach (IGrouping<string, JsonObject> table in tables)
        {
            Assert.True(table.Count() >= Tables[table.Key].AtLeast, $"{table.Key} has only {table.Count()} records");
            foreach (JsonObject record in table)
            {
                if (Tables[table.Key].Check(record) is { } difference)
                    wrong.Add($"{table.Key}: {record["description"]}: {difference}");
            }
        }
        Assert.Equal([], wrong);
    }

    private static string? Unmarshalling(JsonObject record)
    {
        string json = Text(record["jtext"]);
        string? expected = record["expected"] is { } node ? Expected(node) : null;
        string? read = Text(record["typ"]!["go"]) switch
        {
            "asNumberType" => Read<BgpPeer>(ResourceKind.BGPPeer, $"{{\"asNumber\":{json}}}")?.AsNumber?.ToString(CultureInfo.InvariantCulture),
            "portType" => Read<Profile>(ResourceKind.Profile, $"{{\"ingress\":[{{\"action\":\"Allow\",\"source\":{{\"ports\":[{json}]}}}}]}}")?.Ingress[0].Source.Ports[0].ToString(),
            "protocolType" => Read<Profile>(ResourceKind.Profile, $"{{\"ingress\":[{{\"action\":\"Allow\",\"protocol\":{json}}}]}}")?.Ingress[0].Protocol.ToString(),
            "dscpType" => ReadDscp(json)?.ToString(CultureInfo.InvariantCulture),
            string other => $"of type {other}",
        };
        // Calico keeps these as text; a reader needs the number behind a code point, and cannot use a protocol nobody knows, nor one that Calico's validation refuses.
        if (expected == "DF") expected = "0";
        if (expected == "256" || (expected == "0" && Text(record["typ"]!["go"]) == "protocolType")) expected = null;
        return Same(expected, read);
    }

    // A value is written as JSON has it: what a document holds is never turned into a type and back.
    private static string? Marshalling(JsonObject record)
    {
        string json = Text(record["jtext"]), unquoted = json.Trim('"');
        ResourceDocument document = ResourceDocument.Parse(System.Text.Encoding.UTF8.GetBytes($"{{\"value\":{json}}}"), out _)!;
        return Same($"{{\"value\":{json}}}", System.Text.Encoding.UTF8.GetString(document.ToBytes())) ?? Same(unquoted, Printed(record, unquoted));
    }

    private static string? Stringify(JsonObject record) => Same(Text(record["s"]), Printed(record, Expected(record["field"]!)));

    /// <summary>A text read as the type the record is about, and printed.</summary>
    private static string? Printed(JsonObject record, string text)
    {
        string description = Text(record["description"]);
        if (description.Contains("ASN", StringComparison.Ordinal)) return AsNumber.TryParse(text, out uint number) ? number.ToString(CultureInfo.InvariantCulture) : null;
        if (description.Contains("port", StringComparison.Ordinal)) return Port.TryParse(text, out Port port) ? port.ToString() : null;
        if (description.Contains("protocol", StringComparison.Ordinal)) return Protocol.FromText(text).ToString();
        // A code point is not printed by any type here: it stays the text it is.
        return description.Contains("dscp", StringComparison.OrdinalIgnoreCase) ? text : null;
    }

    private static string? DscpIsValid(JsonObject record)
    {
        bool valid = Dscp.TryParse(record["input"]!.ToString(), out _);
        return Same(((bool)record["valid"]!).ToString(), valid.ToString());
    }

    private static string? DscpWhateverTheCase(JsonObject record)
    {
        bool known = Dscp.TryParse(Text(record["input"]), out byte value), expectedKnown = Dscp.TryParse(Text(record["expected"]), out byte expected);
        return Same($"{expectedKnown} {expected}", $"{known} {value}");
    }

    private static string? DscpValue(JsonObject record) =>
        Same(record["expected"]!.ToString(), Dscp.TryParse(Text(record["input"]), out byte value) ? value.ToString(CultureInfo.InvariantCulture) : null);

    private static string? SupportsPorts(JsonObject record) =>
        Same(((bool)record["supportsPorts"]!).ToString(), Protocol.FromText(record["protocol"]!.ToString()).SupportsPorts.ToString());

    private static string? ProtocolWhateverTheCase(JsonObject record) => Same(Text(record["expected"]), Protocol.FromText(Text(record["input"])).ToString());

    // The lower case of Calico's old data model, which nothing here stores or reads, is the name's own in lower case.
    private static string? ProtocolOfTheOldModel(JsonObject record) =>
        Same(Text(record["expected"]), Protocol.FromText(Text(record["input"])).ToString().ToLowerInvariant());

    private static string? NamedPort(JsonObject record)
    {
        bool valid = Port.TryParse(Text(record["input"]), out Port port);
        if (valid != (bool)record["valid"]!) return $"valid is {valid}";
        // Calico's table makes a named port of digits by a constructor of its own; in data they are always a number.
        return valid ? Same(Text(record["expected"]), port.ToString()) : null;
    }

    private static byte? ReadDscp(string json) => Read<WorkloadEndpoint>(
        ResourceKind.WorkloadEndpoint, $"{{\"interfaceName\":\"c\",\"ipNetworks\":[\"10.0.0.1\"],\"qosControls\":{{\"dscp\":{json}}}}}")?.Spec.QosControls?.Dscp;

    private static string Expected(JsonNode node)
    {
        string text = node is JsonObject go ? Text(go["go"]) : node.ToString();
        int open = text.IndexOf('(', StringComparison.Ordinal);
        if (open < 0) return text;
        string[] arguments = [.. text[(open + 1)..^1].Split(',').Select(argument => argument.Trim(' ', '"'))];
        return arguments.Length == 2 && arguments[0] == arguments[1] ? arguments[0] : string.Join(':', arguments);
    }

    private static string? Same(string? expected, string? actual) => expected == actual ? null : $"{actual ?? "nothing"}, not {expected ?? "nothing"}";

    private static string Text(JsonNode? node) => node is JsonValue value && value.TryGetValue(out string? text) ? text : "";

    private static T? Read<T>(ResourceKind kind, string spec) where T : Resource => Reading.DecodeSpec(kind, spec).Resource as T;
}
