using System.Text.Json.Nodes;

namespace Canal.Testing.Rig;

/// <summary>One rule as <c>nft -j</c> lists it.</summary>
/// <param name="Chain">Name of its chain.</param>
/// <param name="Comment">Its comment, empty when it has none.</param>
/// <param name="Packets">Its counter, -1 when it has none.</param>
/// <param name="Json">The whole rule.</param>
public sealed record KernelRule(string Chain, string Comment, long Packets, string Json)
{
    /// <summary>The prefix of its log statement, or null.</summary>
    public string? LogPrefix => Expression("log") is { } log ? log["prefix"]?.GetValue<string>() : null;

    /// <summary>Rate and unit of its limit statement such as <c>10/minute burst 5</c>, or null.</summary>
    public string? Limit => Expression("limit") is { } limit ? $"{limit["rate"]}/{limit["per"]} burst {limit["burst"]}" : null;

    /// <summary>All rules of table <c>inet canal</c> in a host's namespace; none when there is no such table.</summary>
    public static IReadOnlyList<KernelRule> List(RigNode host)
    {
        string text = host.Shell("nft -j list table inet canal 2>/dev/null || echo '{\"nftables\":[]}'");
        return [.. JsonNode.Parse(text)!["nftables"]!.AsArray().Select(item => item!["rule"]).OfType<JsonNode>().Select(Read)];
    }

    private static KernelRule Read(JsonNode rule)
    {
        JsonNode? counter = rule["expr"]!.AsArray().Select(e => e!["counter"]).FirstOrDefault(c => c is JsonObject);
        return new(rule["chain"]!.GetValue<string>(), rule["comment"]?.GetValue<string>() ?? "", counter?["packets"]?.GetValue<long>() ?? -1, rule.ToJsonString());
    }

    private JsonNode? Expression(string name) => JsonNode.Parse(Json)!["expr"]!.AsArray().Select(e => e!.AsObject()[name]).FirstOrDefault(e => e is not null);
}
