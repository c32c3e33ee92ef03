using System.Text.Json.Nodes;

namespace Canal.Testing.Rig;

/// <summary>One policy rule, written as in the scenarios: <c>Rule.Allow.Src("name == 'w1'").Tcp.DstPorts("http", 9000)</c>. Immutable.</summary>
public sealed class Rule
{
    private readonly JsonObject json;

    private Rule(JsonObject json) => this.json = json;

    public static Rule Allow { get; } = new(new JsonObject { ["action"] = "Allow" });

    public static Rule Deny { get; } = new(new JsonObject { ["action"] = "Deny" });

    public static Rule Pass { get; } = new(new JsonObject { ["action"] = "Pass" });

    public static Rule Log { get; } = new(new JsonObject { ["action"] = "Log" });

    public Rule Tcp => Protocol("TCP");

    public Rule Udp => Protocol("UDP");

    /// <summary>A protocol name (as spelt) or number.</summary>
    public Rule Protocol(JsonNode protocol) => With("protocol", protocol);

    public Rule NotProtocol(JsonNode protocol) => With("notProtocol", protocol);

    public Rule Icmp(int type, int? code = null) => With("icmp", IcmpFields(type, code));

    public Rule NotIcmp(int type, int? code = null) => With("notICMP", IcmpFields(type, code));

    public Rule Src(string selector) => Entity("source", "selector", selector);

    public Rule Dst(string selector) => Entity("destination", "selector", selector);

    public Rule SrcNamespaces(string selector) => Entity("source", "namespaceSelector", selector);

    public Rule SrcNets(params string[] nets) => Entity("source", "nets", Resource.Array(nets));

    public Rule SrcNotNets(params string[] nets) => Entity("source", "notNets", Resource.Array(nets));

    public Rule DstNets(params string[] nets) => Entity("destination", "nets", Resource.Array(nets));

    /// <summary>Ports: numbers, "low:high" or names.</summary>
    public Rule SrcPorts(params JsonNode[] ports) => Entity("source", "ports", new JsonArray(ports));

    /// <inheritdoc cref="SrcPorts"/>
    public Rule DstPorts(params JsonNode[] ports) => Entity("destination", "ports", new JsonArray(ports));

    /// <inheritdoc cref="SrcPorts"/>
    public Rule DstNotPorts(params JsonNode[] ports) => Entity("destination", "notPorts", new JsonArray(ports));

    internal JsonObject ToJson() => json.DeepClone().AsObject();

    private static JsonObject IcmpFields(int type, int? code)
    {
        JsonObject fields = new() { ["type"] = type };
        if (code is { } number)
            fields["code"] = number;
        return fields;
    }

    private Rule With(string field, JsonNode value)
    {
        JsonObject copy = ToJson();
        copy[field] = value;
        return new Rule(copy);
    }

    private Rule Entity(string side, string field, JsonNode value)
    {
        JsonObject entity = json[side]?.DeepClone().AsObject() ?? [];
        entity[field] = value;
        return With(side, entity);
    }
}
