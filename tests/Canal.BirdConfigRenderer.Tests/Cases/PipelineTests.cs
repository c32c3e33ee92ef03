using System.Diagnostics;
using System.Text.Json.Nodes;
using Canal.Core.Addressing;

namespace Canal.BirdConfigRenderer.Tests.Cases;

/// <summary>
/// All cases of the conformance data from etcd to the file: the real BIRD accepts it, and it says what it must about sessions and whatever can be read from it.
/// What its filters do with routes is <see cref="ProbeTests"/>'.
/// </summary>
public sealed class PipelineTests(CasePipeline pipeline)
{
    private static readonly string[] Compared =
    [
        "name", "neighbor", "port", "remote_as", "local_as", "local", "listen_port", "ttl_security", "multihop", "passive", "graceful_restart_time", "keepalive_time", "rr_client", "rr_cluster_id",
        "password", "next_hop", "allow_local_as", "import_filters", "export_filters",
    ];

    public static TheoryData<string> Cases => [.. BirdCase.Names];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task What_is_in_etcd_becomes_a_file_that_Bird_accepts(string name)
    {
        string text = await pipeline.FileOf(new BirdCase(name));
        string file = Path.Combine(Path.GetTempPath(), $"canal-bird-{Guid.NewGuid():N}.conf");
        await File.WriteAllTextAsync(file, text);
        try
        {
            using Process bird = Process.Start(new ProcessStartInfo("bird", ["-p", "-c", file]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
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
    public async Task The_file_has_the_expected_sessions(string name)
    {
        BirdCase @case = new(name);
        WrittenFile file = new(await pipeline.FileOf(@case));
        foreach (IpFamily family in (IpFamily[])[IpFamily.V4, IpFamily.V6])
        {
            JsonNode expected = Family(@case, family);
            Assert.Equal(
                Lines(expected["sessions"]!.AsArray().Select(s => Describe(WithBinding(s!.AsObject(), expected["listen"]!)))),
                Lines(file.Sessions(family).Select(Describe)));
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task The_file_has_the_expected_settings_and_static_routes(string name)
    {
        BirdCase @case = new(name);
        WrittenFile file = new(await pipeline.FileOf(@case));
        Assert.Equal(@case.Expected["router_id"]!.GetValue<string>(), file.RouterId);
        foreach (IpFamily family in (IpFamily[])[IpFamily.V4, IpFamily.V6])
        {
            JsonNode expected = Family(@case, family);
            Assert.Equal(expected["static"]!["blackhole"]!.AsArray().Select(c => Cidr.Parse(c!.GetValue<string>())).Distinct().Order(), file.Blackholes(family));
            Assert.Equal(expected["static"]!["via"]!.AsArray().Select(v => $"{v!["prefix"]} {v["gateway"]}").Order(StringComparer.Ordinal), file.HostRoutes(family));
            Assert.Equal(expected["direct_interfaces"]!["exclude"]!.AsArray().Select(e => e!.GetValue<string>()), file.ExcludedInterfaces);
            Assert.Equal(expected["log"]!.GetValue<string>() == "everything", file.LogsEverything);
        }
    }

    [Fact]
    public async Task Functions_of_filters_with_long_names_are_cut_as_in_Calico()
    {
        WrittenFile file = new(await pipeline.FileOf(new BirdCase("bgpfilter__filter_names")));
        foreach (string name in (string[])["45characters.exactly.so.should.not.truncate-1", "46characters.exactly.so.shou_9615CBDC00BAC628", "greater-than-64-characters.s_4C5DB3273E544641"])
            Assert.True(file.Has($"function 'import4.{name}'("), name);
    }

    /// <summary>Where only one address is listened on, a session without an address of its own is bound to that, too.</summary>
    private static JsonObject WithBinding(JsonObject session, JsonNode listen)
    {
        session["local"] = (session["source_address"] ?? listen["address"])?.DeepClone();
        session["listen_port"] = listen["port"]?.DeepClone();
        return session;
    }

    internal static JsonNode Family(BirdCase @case, IpFamily family) => @case.Expected["families"]![family == IpFamily.V4 ? "ipv4" : "ipv6"]!;

    internal static string Describe(JsonObject session) => string.Join(' ', Compared.Select(f => $"{f}={session[f]?.ToJsonString() ?? "null"}"));

    internal static string Lines(IEnumerable<string> lines) => string.Join('\n', lines.Order(StringComparer.Ordinal));
}
