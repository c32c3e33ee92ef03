using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Canal.Core.Addressing;

namespace Canal.BirdConfigRenderer.Tests.Cases;

/// <summary>What a file that was written for BIRD says, in the words of the conformance data.</summary>
internal sealed partial class WrittenFile(string text)
{
    public string RouterId => Word(@"^router id (\S+);$")!;

    public bool LogsEverything => text.Contains("\ndebug protocols all;\n", StringComparison.Ordinal);

    /// <summary>Patterns of interfaces that BIRD does not look at.</summary>
    public IEnumerable<string> ExcludedInterfaces => ExcludedInterface().Matches(Word(@"^protocol direct \{ (.*) \}$")!).Select(m => m.Groups[1].Value);

    /// <summary>The file has a text.</summary>
    public bool Has(string part) => text.Contains(part, StringComparison.Ordinal);

    public IEnumerable<Cidr> Blackholes(IpFamily family) => StaticRoutes(family).Where(r => r.Target == "blackhole").Select(r => r.Prefix).Order();

    public IEnumerable<string> HostRoutes(IpFamily family) => StaticRoutes(family).Where(r => r.Target != "blackhole").Select(r => $"{r.Prefix} {r.Target}").Order(StringComparer.Ordinal);

    /// <summary>The sessions of a family, as <c>expect.json</c> has them, with <c>local</c> for the address that is bound to.</summary>
    public IEnumerable<JsonObject> Sessions(IpFamily family) =>
        Session().Matches(text).Where(m => m.Groups["family"].Value == Digit(family)).Select(m => Read(m.Groups["name"].Value, m.Groups["body"].Value));

    /// <summary>Of BIRD 1.6, where it is the process's.</summary>
    private string? ListenPort => Word(@"^listen bgp.* port (\d+);$");

    /// <summary>The only address that a BIRD 1.6 listens on; null for all.</summary>
    public string? ListenAddress => Word(@"^listen bgp address (\S+?)(?: port \d+)?;$");

    private JsonObject Read(string name, string body)
    {
        Match local = LocalLine().Match(body), neighbor = NeighborLine().Match(body), multihop = MultihopLine().Match(body);
        return new JsonObject
        {
            ["name"] = name,
            ["neighbor"] = neighbor.Groups["address"].Value,
            ["port"] = Port(neighbor),
            ["remote_as"] = Number(neighbor.Groups["as"].Value),
            ["local"] = Text(local.Groups["address"]),
            ["listen_port"] = ListenPort is { } one ? Number(one) : Port(local),
            ["local_as"] = Number(local.Groups["as"].Value),
            ["multihop"] = !multihop.Success ? "default" : Text(multihop.Groups["hops"]) is { } hops ? Number(hops) : "any",
            ["ttl_security"] = body.Contains(" ttl security on;", StringComparison.Ordinal),
            ["passive"] = body.Contains(" passive on;", StringComparison.Ordinal),
            ["graceful_restart_time"] = Setting(body, "graceful restart time"),
            ["keepalive_time"] = Setting(body, "keepalive time"),
            ["allow_local_as"] = Setting(body, "allow local as"),
            ["rr_client"] = body.Contains(" rr client;", StringComparison.Ordinal),
            ["rr_cluster_id"] = Line(body, "rr cluster id"),
            ["password"] = Line(body, "password")?.Trim('"'),
            ["next_hop"] = Line(body, "next hop") ?? "default",
            ["import_filters"] = Filters(Line(body, "import filter")!),
            ["export_filters"] = Filters(Line(body, "export filter")!),
        };
    }

    /// <summary>The functions of BGPFilters that a session's filter calls, by the names that they have in the file.</summary>
    private JsonArray Filters(string name)
    {
        Match filter = Regex.Match(text, @$"^filter {Regex.Escape(name)} \{{\n(?<body>.*?)^\}}\n", RegexOptions.Multiline | RegexOptions.Singleline);
        Assert.True(filter.Success, $"there is no filter {name}");
        return new JsonArray([.. FilterCall().Matches(filter.Groups["body"].Value).Select(m => JsonValue.Create(m.Groups[1].Value))]);
    }

    private IEnumerable<(Cidr Prefix, string Target)> StaticRoutes(IpFamily family)
    {
        Match block = Regex.Match(text, @$"^protocol static static{Digit(family)} \{{\n(?<body>.*?)^\}}\n", RegexOptions.Multiline | RegexOptions.Singleline);
        return RouteLine().Matches(block.Groups["body"].Value).Select(m => (Cidr.Parse(m.Groups["prefix"].Value), m.Groups["target"].Value));
    }

    private string? Word(string pattern) => Regex.Match(text, pattern, RegexOptions.Multiline) is { Success: true } match ? match.Groups[1].Value : null;

    private static string? Line(string body, string words) => Regex.Match(body, $"^ +{words} (.*);$", RegexOptions.Multiline) is { Success: true } match ? match.Groups[1].Value : null;

    private static JsonValue? Setting(string body, string words) => Line(body, words) is { } text ? Number(text) : null;

    /// <summary>BIRD's own port is no setting.</summary>
    private static JsonValue? Port(Match line) => line.Groups["port"].Value is "179" or "" ? null : Number(line.Groups["port"].Value);

    private static JsonValue Number(string text) => JsonValue.Create(long.Parse(text, CultureInfo.InvariantCulture));

    private static string? Text(Group group) => group.Success ? group.Value : null;

    private static string Digit(IpFamily family) => family == IpFamily.V4 ? "4" : "6";

    [GeneratedRegex(@"^protocol bgp (?<name>\w+) from session(?<family>[46]) \{\n(?<body>.*?)^\}\n", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Session();

    [GeneratedRegex(@"^ +local(?: (?<address>[0-9a-f.:]+))?(?: port (?<port>\d+))? as (?<as>\d+);$", RegexOptions.Multiline)]
    private static partial Regex LocalLine();

    [GeneratedRegex(@"^ +neighbor (?<address>[0-9a-f.:]+) port (?<port>\d+) as (?<as>\d+);$", RegexOptions.Multiline)]
    private static partial Regex NeighborLine();

    [GeneratedRegex(@"^ +multihop(?: (?<hops>\d+))?;$", RegexOptions.Multiline)]
    private static partial Regex MultihopLine();

    [GeneratedRegex(@"^ +'(?:import|export)[46]\.([^']+)'\(", RegexOptions.Multiline)]
    private static partial Regex FilterCall();

    [GeneratedRegex(@"^ +route (?<prefix>\S+) (?:via )?(?<target>\S+);$", RegexOptions.Multiline)]
    private static partial Regex RouteLine();

    [GeneratedRegex("-\"([^\"]*)\"")]
    private static partial Regex ExcludedInterface();
}
