using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Canal.Core.Addressing;
using Canal.Core.Bgp;
using Canal.Testing.Rig;

namespace Canal.BirdConfigRenderer.Tests.Cases;

/// <summary>
/// All cases of the conformance data from etcd to the two files of BIRD 1.6: its programs accept them, they have the sessions that they must, and their filters
/// are those of BIRD 2's file, which <see cref="ProbeTests"/> has judged, but for what 1.6 cannot do.
/// </summary>
public sealed partial class Bird16Tests(CasePipeline pipeline)
{
    /// <summary>Cases whose pools are tunnelled: BIRD 1.6 leaves their routes to the policy agent and says so.</summary>
    private static readonly string[] Tunnelled =
    [
        "explicit_peering__global", "explicit_peering__global-external", "explicit_peering__global-ipv6", "explicit_peering__keepnexthop", "explicit_peering__local-as",
        "explicit_peering__local-as-global-ipv6", "explicit_peering__local-as-ipv6", "explicit_peering__route_reflector_v6_by_ip", "explicit_peering__selectors", "explicit_peering__specific_node",
        "mesh__ipip-always", "mesh__static-routes", "mesh__static-routes-exclude-node", "mesh__static-routes-exclude-node__step2", "mesh__static-routes__step2",
    ];

    public static TheoryData<string, IpFamily> Cases => new(BirdCase.Names.SelectMany(n => (IEnumerable<(string, IpFamily)>)[(n, IpFamily.V4), (n, IpFamily.V6)]));

    public static TheoryData<string> Names => [.. BirdCase.Names];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task What_is_in_etcd_becomes_a_file_that_Bird_accepts(string name, IpFamily family)
    {
        string text = await pipeline.FileOf16(new BirdCase(name), family);
        string file = Path.Combine(Path.GetTempPath(), $"canal-bird-{Guid.NewGuid():N}.conf");
        await File.WriteAllTextAsync(file, text);
        try
        {
            using Process bird = Process.Start(new ProcessStartInfo(family == IpFamily.V4 ? Bird16.Program : Bird16.Program6, ["-p", "-c", file]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            string error = await bird.StandardError.ReadToEndAsync();
            await bird.WaitForExitAsync();
            Assert.True(bird.ExitCode == 0, $"{error}\n{text}");
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task The_file_has_the_expected_sessions_and_routes_of_its_family_alone(string name, IpFamily family)
    {
        BirdCase @case = new(name);
        WrittenFile file = new(await pipeline.FileOf16(@case, family));
        JsonNode expected = PipelineTests.Family(@case, family);
        Assert.Equal(
            PipelineTests.Lines(expected["sessions"]!.AsArray().Select(s => PipelineTests.Describe(WithBinding(s!.AsObject(), expected["listen"]!)))),
            PipelineTests.Lines(file.Sessions(family).Select(PipelineTests.Describe)));
        Assert.Equal(expected["listen"]!["address"]?.GetValue<string>(), file.ListenAddress);
        Assert.Equal(expected["static"]!["blackhole"]!.AsArray().Select(c => Cidr.Parse(c!.GetValue<string>())).Distinct().Order(), file.Blackholes(family));
        Assert.Equal(expected["static"]!["via"]!.AsArray().Select(v => $"{v!["prefix"]} {v["gateway"]}").Order(StringComparer.Ordinal), file.HostRoutes(family));
        Assert.Equal(@case.Expected["router_id"]!.GetValue<string>(), file.RouterId);
        Assert.Empty(file.Sessions(family == IpFamily.V4 ? IpFamily.V6 : IpFamily.V4));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Its_filters_are_those_of_Bird_2(string name, IpFamily family)
    {
        BirdCase @case = new(name);
        string ours = await pipeline.FileOf16(@case, family), both = await pipeline.FileOf(@case);
        string[] theirs = [.. Blocks(both).Where(b => ForFamily().Match(b).Groups["family"].Value == (family == IpFamily.V4 ? "4" : "6"))];
        Assert.Equal(theirs.Select(b => As16(b, family)), Blocks(ours));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Only_what_is_named_here_is_left_to_others(string name)
    {
        BirdCase @case = new(name);
        BgpInputs inputs = @case.Inputs();
        BirdPlan plan = BirdPlanner.Plan(inputs), fit = BirdDialect.Bird16.Aggregate(plan, (p, dialect) => dialect.Fit(p, inputs));
        Assert.Equal(Tunnelled.Contains(name), fit.Problems.Count > plan.Problems.Count);
        Assert.All(fit.Problems.Except(plan.Problems), p => Assert.StartsWith("spec.ipipMode: ", p.Reason, StringComparison.Ordinal));
        Assert.Equal(plan.Configuration.Sessions, fit.Configuration.Sessions);
    }

    private static JsonObject WithBinding(JsonObject session, JsonNode listen)
    {
        session["local"] = session["source_address"]?.DeepClone();
        session["listen_port"] = listen["port"]?.DeepClone();
        return session;
    }

    private static string[] Blocks(string text) => [.. Block().Matches(text).Select(m => m.Value)];

    /// <summary>No gateway is written otherwise, and what would go through a tunnel is rejected.</summary>
    private static string As16(string block, IpFamily family)
    {
        if (family == IpFamily.V4) block = block.Replace("gw != :: ", "gw != 0.0.0.0 ", StringComparison.Ordinal);
        return Tunnel().Replace(block, "  if net ~ ${pool} then reject;\n");
    }

    [GeneratedRegex(@"^(function|filter) [^\n]* \{\n.*?^\}\n", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex(@"^\w+ (?:'(?:import|export)(?<family>[46])\.|[a-z_]+?(?<family>[46]))")]
    private static partial Regex ForFamily();

    [GeneratedRegex(@"^  if net ~ (?<pool>\S+) then \{\n    if source = RTS_BGP[^\n]* then \{\n      ifname = .*?^  \}\n", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Tunnel();
}
