using System.Text.Json.Nodes;
using Canal.Core.Addressing;

namespace Canal.Ctl;

/// <summary>One rule of a v1 policy or profile as Calico 3 has it: single networks are lists, tags are labels, words are spelled anew.</summary>
internal static class V1Rule
{
    private static readonly string[] Actions = ["Allow", "Deny", "Log", "Pass"];
    private static readonly string[] Protocols = ["TCP", "UDP", "ICMP", "ICMPv6", "SCTP", "UDPLite"];

    public static JsonArray ConvertAll(IEnumerable<V1Fields> rules) => new([.. rules.Select(rule => (JsonNode)Convert(rule))]);

    /// <summary>A selector with the namespace's label under its name of Calico 3.</summary>
    public static string Selector(string text) => text.Replace(V1Resource.OldNamespaceLabel, V1Resource.NamespaceLabel, StringComparison.Ordinal);

    /// <summary>A protocol's name as Calico 3 spells it; numbers and what is not known stay.</summary>
    public static JsonNode? Protocol(JsonNode? value) =>
        value is JsonValue text && text.TryGetValue(out string? name) ? Protocols.FirstOrDefault(known => known.Equals(name, StringComparison.OrdinalIgnoreCase)) ?? name : value;

    private static JsonObject Convert(V1Fields rule)
    {
        JsonObject converted = new() { ["action"] = Action(rule.Text("action")) };
        foreach (string name in (string[])["ipVersion", "icmp", "notICMP"])
            Put(converted, name, rule.Take(name));
        foreach (string name in (string[])["protocol", "notProtocol"])
            Put(converted, name, Protocol(rule.Take(name)));
        foreach (string name in (string[])["source", "destination"])
            Put(converted, name, Entity(rule.Object(name)));
        rule.End();
        return converted;
    }

    // A rule without an action allowed.
    private static string Action(string word)
    {
        if (word.Length == 0)
            return Actions[0];
        return word == "next-tier" ? "Pass" : Actions.FirstOrDefault(known => known.Equals(word, StringComparison.OrdinalIgnoreCase)) ?? word;
    }

    private static JsonObject? Entity(V1Fields entity)
    {
        JsonObject converted = [];
        foreach ((string tag, string net, string nets, string selector, string ports) in (ReadOnlySpan<(string, string, string, string, string)>)
            [("tag", "net", "nets", "selector", "ports"), ("notTag", "notNet", "notNets", "notSelector", "notPorts")])
        {
            Put(converted, nets, Networks([.. entity.Texts(nets), entity.Text(net)]));
            Put(converted, selector, WithTag(Selector(entity.Text(selector)), entity.Text(tag)));
            Put(converted, ports, entity.Take(ports));
        }
        entity.End();
        return converted.Count == 0 ? null : converted;
    }

    /// <summary>Networks without host bits; what is no network is left for the validation to tell.</summary>
    private static JsonArray? Networks(IEnumerable<string> texts)
    {
        JsonNode[] networks = [.. texts.Where(text => text.Length > 0).Select(text => (JsonNode)(Cidr.TryParse(text, out Cidr network) ? network.ToString() : text))];
        return networks.Length == 0 ? null : new JsonArray(networks);
    }

    private static string? WithTag(string selector, string tag)
    {
        if (tag.Length == 0)
            return selector.Length == 0 ? null : selector;
        return selector.Length == 0 ? $"{tag} == ''" : $"({selector}) && {tag} == ''";
    }

    private static void Put(JsonObject to, string name, JsonNode? value)
    {
        if (value is not null)
            to[name] = value;
    }
}
