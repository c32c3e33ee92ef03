using System.Collections.Immutable;

namespace Canal.Hosting.Tests;

public sealed class PrecedenceTests
{
    /// <summary>Weakest first; each step adds one source that must win over all before it.</summary>
    [Fact]
    public void Each_source_wins_over_all_weaker_ones_and_is_named_as_the_origin()
    {
        using ConfigurationFixture fixture = new();
        AssertPort(fixture, 9099, "default");
        fixture.Write("lib/felix.toml", "[health]\nport = 1\n");
        AssertPort(fixture, 1, "lib/felix.toml:2");
        AssertPort(fixture, 2, "FelixConfiguration default", Layer("FelixConfiguration default", 2));
        AssertPort(fixture, 3, "FelixConfiguration node.a", Layer("FelixConfiguration default", 2), Layer("FelixConfiguration node.a", 3));
        fixture.Write("etc/felix.toml", "\nhealth.port = 4\n");
        AssertPort(fixture, 4, "etc/felix.toml:2", Layer("FelixConfiguration default", 2));
        fixture.Write("run/felix.toml.d/10-a.toml", "health.port = 5\n");
        AssertPort(fixture, 5, "run/felix.toml.d/10-a.toml:1");
        fixture.Write("run/felix.toml.d/20-b.toml", "health.port = 6\n");
        AssertPort(fixture, 6, "run/felix.toml.d/20-b.toml:1");
        fixture.Write("etc/felix.toml.d/05-c.toml", "health.port = 7\n").Write("etc/felix.toml.d/.hidden.toml", "x=").Write("etc/felix.toml.d/a.toml~", "x=");
        AssertPort(fixture, 7, "etc/felix.toml.d/05-c.toml:1");
        fixture.Environment["CANAL_FELIX__HEALTH__PORT"] = "8";
        AssertPort(fixture, 8, "environment CANAL_FELIX__HEALTH__PORT", Layer("FelixConfiguration default", 2));
        fixture.Flags.Add(new ConfigurationFlag("--health-port", "health.port", "9"));
        AssertPort(fixture, 9, "flag --health-port", Layer("FelixConfiguration default", 2));
    }

    [Fact]
    public void The_daemons_file_overrides_the_shared_one_and_so_does_its_environment()
    {
        using ConfigurationFixture fixture = new();
        fixture.Write("lib/canal.toml", "node_name = \"vendor\"\n").Write("etc/canal.toml", "node_name = \"shared\"\n[etcd]\nendpoints = [\"http://a:1\", \"http://b:2\"]\n");
        Assert.Equal("shared", fixture.LoadRight().Get(CommonSettings.NodeName));
        fixture.Write("etc/felix.toml", "node_name = \"own\"\n");
        fixture.Environment["CANAL_FELIX__ETCD__ENDPOINTS"] = "http://c:3, https://d:4";
        fixture.Environment["CANAL_FLANNEL_BRIDGE__NONSENSE"] = "another daemon's";
        Hosting.Configuration configuration = fixture.LoadRight();
        Assert.Equal("own", configuration.Get(CommonSettings.NodeName));
        Assert.Equal(["http://c:3", "https://d:4"], configuration.Get(CommonSettings.EtcdEndpoints));
    }

    [Fact]
    public void The_node_name_is_the_host_name_in_lower_case_by_default()
    {
        using ConfigurationFixture fixture = new();
        Hosting.Configuration configuration = fixture.LoadRight();
        Assert.Equal("host-a.example", configuration.Get(CommonSettings.NodeName));
        Assert.Equal("hostname", configuration.Origin("node_name").ToString());
    }

    [Fact]
    public void Every_type_is_read_from_toml_and_from_the_environment_alike()
    {
        using ConfigurationFixture fromFile = new(), fromEnvironment = new();
        fromFile.Write("etc/felix.toml", """
            interfaces = ["eth1", "eth2"]
            token = "hush"
            [health]
            enabled = false
            port = 80
            [log]
            level = "warning"
            share = 1
            [refresh]
            interval = "1m30s"
            day = "tuesday"
            """);
        foreach ((string name, string text) in new[] { ("INTERFACES", "eth1,eth2"), ("TOKEN", "hush"), ("HEALTH__ENABLED", "false"), ("HEALTH__PORT", "80"), ("LOG__LEVEL", "warning"),
            ("LOG__SHARE", "1"), ("REFRESH__INTERVAL", "1m30s"), ("REFRESH__DAY", "tuesday") })
            fromEnvironment.Environment[$"CANAL_FELIX__{name}"] = text;
        Hosting.Configuration file = fromFile.LoadRight();
        Assert.Empty(file.ChangedFrom(fromEnvironment.LoadRight()));
        Assert.Equal(TimeSpan.FromSeconds(90), file.Get(SampleSettings.Refresh));
        Assert.Equal(DayOfWeek.Tuesday, file.Get(SampleSettings.Day));
        Assert.Equal(1.0, file.Get(SampleSettings.Share));
        Assert.False(file.Get(SampleSettings.Enabled));
        Assert.Equal(Serilog.Events.LogEventLevel.Warning, file.Get(CommonSettings.LogLevel));
    }

    [Fact]
    public void A_layer_leaves_out_what_is_wrong_names_it_and_can_be_replaced()
    {
        using ConfigurationFixture fixture = new();
        Hosting.Configuration local = fixture.LoadRight();
        LayerResult first = local.WithLayer(new ConfigurationLayer("FelixConfiguration default",
            ImmutableSortedDictionary.CreateRange(new Dictionary<string, string> { ["health.port"] = "0", ["helth.port"] = "1", ["refresh.interval"] = "5s" })));
        Assert.Equal(
        [
            "FelixConfiguration default: health.port: expected an integer from 1 to 65535, found \"0\"",
            "FelixConfiguration default: unknown key helth.port (did you mean health.port?)",
        ], first.Errors.Select(error => error.ToString()));
        Assert.Equal(["refresh.interval"], first.Configuration.ChangedFrom(local));
        Assert.Empty(first.Configuration.WithDatastore([]).Configuration.ChangedFrom(local));
    }

    [Fact]
    public void A_listing_has_every_key_with_its_origin_and_hides_secrets()
    {
        using ConfigurationFixture fixture = new();
        fixture.Write("etc/felix.toml", "token = \"hush\"\n");
        List<ConfigurationEntry> entries = [.. fixture.LoadRight().Entries];
        Assert.Equal(SampleSettings.Schema.Settings.Select(setting => setting.Key), entries.Select(entry => entry.Key));
        ConfigurationEntry token = entries.Single(entry => entry.Key == "token");
        Assert.Equal(("(hidden)", "etc/felix.toml:1"), (token.Text, fixture.Shorten(token.Origin.ToString())));
        Assert.Equal("1m30s", entries.Single(entry => entry.Key == "refresh.interval").Text);
    }

    [Fact]
    public void Asking_for_a_setting_of_another_daemon_is_a_programming_error()
    {
        using ConfigurationFixture fixture = new();
        Assert.Throws<ArgumentException>(() => fixture.LoadRight().Get(new BoolSetting("nonsense", true, "")));
        Assert.Throws<ArgumentException>(() => new ConfigurationSchema("x", [new BoolSetting("node_name", true, "")]));
        Assert.Throws<ArgumentException>(() => new BoolSetting("log.lev__el", true, ""));
    }

    private static ConfigurationLayer Layer(string origin, int port) => new(origin, ImmutableSortedDictionary<string, string>.Empty.Add("health.port", $"{port}"));

    private static void AssertPort(ConfigurationFixture fixture, long port, string origin, params ConfigurationLayer[] layers)
    {
        LayerResult result = fixture.LoadRight().WithDatastore(layers);
        Assert.Empty(result.Errors);
        Assert.Equal((port, origin), (result.Configuration.Get(SampleSettings.Port), fixture.Shorten(result.Configuration.Origin("health.port").ToString())));
    }
}
