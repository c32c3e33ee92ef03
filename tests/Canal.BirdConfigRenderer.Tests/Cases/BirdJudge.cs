using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Canal.Core.Addressing;
using Canal.Testing.Rig;

namespace Canal.BirdConfigRenderer.Tests.Cases;

/// <summary>
/// Lets a running BIRD judge routes by the very filters of a rendered file. Routes of any origin cannot be had at will, and the origin cannot be set, so in
/// the filters the word <c>source</c> is replaced by an attribute of the same values that the routes carry; nothing else is. Each filter stands in a pipe
/// from a table with the route to a table of its own.
/// </summary>
internal sealed partial class BirdJudge
{
    private readonly StringBuilder text = new();
    private readonly Dictionary<string, int> layers = [];
    private readonly Dictionary<(int, string), List<string>> routes = [];
    private readonly SortedDictionary<string, string> policies = new(StringComparer.Ordinal);
    private readonly SortedSet<string> interfaces = new(StringComparer.Ordinal) { "tunl0" };
    private readonly IpFamily family;

    public BirdJudge(string rendered, IpFamily family)
    {
        this.family = family;
        text.Append("log stderr all;\nrouter id 192.0.2.1;\nattribute int probe_source;\nprotocol device {}\n");
        text.Append("define P_STATIC = 1; define P_BGP = 2; define P_KERNEL = 3; define P_DEVICE = 4;\n");
        foreach (Match block in Definitions().Matches(rendered)) text.Append(WithSource(block.Value));
        foreach (Match session in Sessions().Matches(rendered))
        {
            string name = session.Groups["name"].Value;
            policies[$"import {name}"] = $"filter {session.Groups["import"].Value};";
            policies[$"export {name}"] = $"filter {session.Groups["export"].Value};";
        }
        policies["kernel"] = $"filter kernel_filter{Digit};";
    }

    private string Digit => BirdDigit(family);

    /// <summary>The interfaces that must exist where BIRD runs.</summary>
    public IEnumerable<string> Interfaces => interfaces;

    /// <summary>Adds a route; returns the layer that <see cref="Read"/> finds it in, since a table takes one route of a prefix.</summary>
    public int Add(string prefix, string source, string? interfaceName, IEnumerable<string> attributes)
    {
        int layer = layers[prefix] = layers.GetValueOrDefault(prefix, -1) + 1;
        if (interfaceName is not null) interfaces.Add(interfaceName);
        string target = interfaceName is null ? "blackhole" : $"via \"{interfaceName}\"";
        string sets = string.Join(' ', attributes.Append($"probe_source = P_{source.ToUpperInvariant()};"));
        if (!routes.TryGetValue((layer, ""), out List<string>? list)) routes[(layer, "")] = list = [];
        list.Add($"  route {prefix} {target} {{ {sets} }};\n");
        return layer;
    }

    /// <summary>The whole configuration for the judging BIRD.</summary>
    public string Configuration()
    {
        foreach (((int layer, _), List<string> list) in routes)
        {
            text.Append($"ipv{Digit} table in_{layer};\nprotocol static s_{layer} {{\n  ipv{Digit} {{ table in_{layer}; preference 100; }};\n{string.Concat(list)}}}\n");
            int number = 0;
            foreach (string filter in policies.Values)
            {
                text.Append($"ipv{Digit} table out_{layer}_{number};\nprotocol pipe p_{layer}_{number} {{ table in_{layer}; peer table out_{layer}_{number}; import none; export {filter} }}\n");
                number++;
            }
        }
        return text.ToString();
    }

    /// <summary>Reads what came through: by policy, layer and prefix, the attributes; missing where the route was rejected.</summary>
    public Dictionary<(string Policy, int Layer, string Prefix), Dictionary<string, string>> Read(Func<string, string> show)
    {
        Dictionary<(string, int, string), Dictionary<string, string>> passed = [];
        string[] names = [.. policies.Keys];
        foreach ((int layer, _) in routes.Keys)
            for (int number = 0; number < names.Length; number++)
                foreach ((string prefix, Dictionary<string, string> attributes) in Parse(show($"show route all table out_{layer}_{number}"))) passed[(names[number], layer, prefix)] = attributes;
        return passed;
    }

    private static IEnumerable<(string, Dictionary<string, string>)> Parse(string answer)
    {
        Dictionary<string, string>? attributes = null;
        foreach (string line in answer.Split('\n'))
        {
            Match route = RouteLine().Match(line);
            if (route.Success)
            {
                attributes = new Dictionary<string, string> { ["preference"] = route.Groups["preference"].Value };
                yield return (Cidr.Parse(route.Groups["prefix"].Value).ToString(), attributes);
            }
            else if (attributes is not null)
            {
                string trimmed = line.Trim();
                int colon = trimmed.IndexOf(": ", StringComparison.Ordinal);
                if (trimmed.StartsWith("via ", StringComparison.Ordinal) || trimmed.StartsWith("dev ", StringComparison.Ordinal)) attributes["nexthop"] = trimmed;
                else if (colon > 0) attributes[trimmed[..colon]] = trimmed[(colon + 2)..];
                else if (trimmed.EndsWith(':')) attributes[trimmed[..^1]] = "";
            }
        }
    }

    private static string BirdDigit(IpFamily family) => family == IpFamily.V4 ? "4" : "6";

    private static string WithSource(string filter) => SourceWord().Replace(filter, m => m.Value switch
    {
        "source" => "probe_source",
        string constant => "P_" + constant["RTS_".Length..],
    });

    /// <summary>Runs BIRD in a namespace with the interfaces, up.</summary>
    public static void MakeInterfaces(IEnumerable<string> names, Netns where)
    {
        List<string> lines = ["link set lo up"];
        int number = 0;
        foreach (string name in names)
        {
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"link add {name} type veth peer name peer{number}"));
            lines.Add($"link set {name} up");
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"link set peer{number++} up"));
        }
        Testing.Rig.Command.IpBatch(lines, where);
    }

    [GeneratedRegex(@"\b(source|RTS_[A-Z]+)\b")]
    private static partial Regex SourceWord();

    [GeneratedRegex(@"^(function|filter) [^\n]* \{\n.*?^\}\n", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Definitions();

    [GeneratedRegex(@"^protocol bgp (?<name>\w+) .*?import filter (?<import>\w+);.*?export filter (?<export>\w+);.*?^\}\n", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Sessions();

    [GeneratedRegex(@"^(?<prefix>[0-9a-f.:]+/\d+)\s.*\((?<preference>\d+)\)")]
    private static partial Regex RouteLine();
}
