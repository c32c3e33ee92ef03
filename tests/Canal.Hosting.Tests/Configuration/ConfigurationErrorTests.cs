namespace Canal.Hosting.Tests;

public sealed class ConfigurationErrorTests
{
    [Theory]
    [InlineData("[health]\nprot = 1\n", "2:1: unknown key health.prot (did you mean health.port?)")]
    [InlineData("health.prot = 1\n", "1:1: unknown key health.prot (did you mean health.port?)")]
    [InlineData("[helth]\nport = 1\nenabled = true\n", "1:2: unknown table [helth] (did you mean health?)")]
    [InlineData("zzzzzzzz = 1\n", "1:1: unknown key zzzzzzzz")]
    [InlineData("port = 1\n", "1:1: unknown key port (did you mean health.port?)")]
    [InlineData("[health]\n  port = \"9099\"\n", "2:10: health.port: expected an integer from 1 to 65535, found the string \"9099\"")]
    [InlineData("[health]\nport = 0\n", "2:8: health.port: expected an integer from 1 to 65535, found the integer 0")]
    [InlineData("[health]\nport = 65536\n", "2:8: health.port: expected an integer from 1 to 65535, found the integer 65536")]
    [InlineData("[health]\nport = 1.5\n", "2:8: health.port: expected an integer from 1 to 65535, found the number 1.5")]
    [InlineData("health.enabled = 1\n", "1:18: health.enabled: expected true or false, found the integer 1")]
    [InlineData("log.share = nan\n", "1:13: log.share: expected a number from 0 to 1, found the number NaN")]
    [InlineData("log.share = 1.01\n", "1:13: log.share: expected a number from 0 to 1, found the number 1.01")]
    [InlineData("refresh.interval = 90\n", "1:20: refresh.interval: expected a duration with a unit such as \"90s\", found the integer 90 without a unit")]
    [InlineData("refresh.interval = \"90\"\n", "1:20: refresh.interval: expected a duration with a unit such as \"90s\", found \"90\" without a unit")]
    [InlineData("refresh.interval = \"9 s\"\n", "1:20: refresh.interval: expected a duration with a unit such as \"90s\", found \"9 s\"")]
    [InlineData("refresh.day = \"tusday\"\n", "1:15: refresh.day: expected one of \"monday\", \"tuesday\", found \"tusday\" (did you mean \"tuesday\"?)")]
    [InlineData("interfaces = \"eth0\"\n", "1:14: interfaces: expected a list of strings, found the string \"eth0\"")]
    [InlineData("interfaces = [\"eth0\", 1]\n", "1:23: interfaces: expected a list of strings, found the integer 1")]
    [InlineData("interfaces = [\n  \"eth0\",\n  \"a-very-long-name\",\n]\n", "3:3: interfaces: \"a-very-long-name\" is longer than 15 characters")]
    [InlineData("interfaces = [\"\"]\n", "1:15: interfaces: an item is empty")]
    [InlineData("token = 123456\n", "1:9: token: expected a string")]
    [InlineData("token = \"bad\"\n", "1:9: token is not a token")]
    [InlineData("token = 1979-05-27\n", "1:9: token: expected a string")]
    [InlineData("health = 3\n", "1:10: health: expected a table, found the integer 3")]
    [InlineData("health.port = { a = 1 }\n", "1:15: health.port: expected an integer from 1 to 65535, found a table")]
    [InlineData("health = { port = 0, prot = 1 }\n", "1:19: health.port: expected an integer from 1 to 65535, found the integer 0",
        "1:22: unknown key health.prot (did you mean health.port?)")]
    [InlineData("[[health]]\nport = 1\n", "1:3: [[health]] would be a list of tables: write [health]")]
    [InlineData("[health.port]\n", "1:2: not a table: [health.port]")]
    [InlineData("token = \"a\"\ntoken = \"b\"\n", "2:1: token is already set in line 1")]
    [InlineData("health.port = 1\n[health]\nport = 2\n", "3:1: health.port is already set in line 1")]
    [InlineData("[health]\nport = 2\n[health]\nenabled = true\n", "3:2: [health] stands already in line 1")]
    [InlineData("\"health.port\" = 1\n", "1:1: unknown key \"health.port\" (did you mean health.port?)")]
    [InlineData("\"a\\u001b[2J\" = 1\n", "1:1: unknown key \"a\\x1b[2J\"")]
    [InlineData("[etcd]\nendpoints = []\n", "2:13: etcd.endpoints must name at least one endpoint")]
    [InlineData("etcd.endpoints = [\"10.0.0.1:2379\"]\n", "1:19: etcd.endpoints: \"10.0.0.1:2379\" is not a URL such as https://10.0.0.1:2379")]
    [InlineData("etcd.endpoints = [\"http://a\"]\n", "1:19: etcd.endpoints: \"http://a\" has no port; etcd's usual one is 2379")]
    [InlineData("etcd.endpoints = [\"http://u:hush@a:1\"]\n", "1:19: etcd.endpoints: \"http://…@a:1\" holds a user name: set etcd.username and etcd.password_file instead")]
    [InlineData("etcd.ca_file = \"ca.pem\"\n", "1:16: etcd.ca_file must be an absolute path, not \"ca.pem\"")]
    [InlineData("etcd.cert_file = \"/c\"\n", "1:18: etcd.cert_file is set but etcd.key_file is not")]
    [InlineData("node_name = \"Host\"\n", "1:13: node_name is \"Host\", which is not a DNS name in lower case (letters, digits, \"-\" and \".\")")]
    [InlineData("a = \nzzz = 2\n", "1:5: syntax error: Unexpected token end-of-line found while expecting a value")]
    [InlineData("zzz = 1\n[x\ny=1\n", "2:3: syntax error: Unexpected token found `end of line` (token: `newline`) while expecting `]` (token: `closebracket`)",
        "3:1: syntax error: Unexpected token found `y` (token: `basickey`) while expecting token `newline`", "1:1: unknown key zzz")]
    [InlineData("token = \"x\\", "1:11: syntax error: the file ends inside an escape sequence")]
    public void Each_mistake_is_named_with_its_place(string toml, params string[] expected)
    {
        using ConfigurationFixture fixture = new();
        fixture.Write("etc/felix.toml", toml);
        Assert.Equal(expected.Select(line => $"etc/felix.toml:{line}"), fixture.LoadWrong());
    }

    [Fact]
    public void All_errors_of_all_sources_are_reported_at_once()
    {
        using ConfigurationFixture fixture = new();
        fixture.Write("lib/felix.toml", "a = 1\n").Write("etc/canal.toml", "node_nam = \"x\"\nlog.level = \"info\"\n")
            .Write("etc/felix.toml", "b = 1\nc = 2\n").Write("run/felix.toml.d/1.toml", "d = 1\n").Write("etc/felix.toml.d/2.toml", "token = 1\n");
        fixture.Environment["CANAL_FELIX__HEALTH__PRT"] = "1";
        fixture.Environment["CANAL_FELIX__LOG__LEVEL"] = "inof";
        fixture.Flags.Add(new ConfigurationFlag("--port", "health.port", "x\n"));
        Assert.Equal(
        [
            "lib/felix.toml:1:1: unknown key a",
            "etc/canal.toml:1:1: unknown key node_nam (did you mean node_name?)",
            "etc/canal.toml:2:1: log.level is a setting of one daemon: it belongs in felix.toml",
            "etc/felix.toml:1:1: unknown key b",
            "etc/felix.toml:2:1: unknown key c",
            "run/felix.toml.d/1.toml:1:1: unknown key d",
            "etc/felix.toml.d/2.toml:1:9: token: expected a string",
            "environment CANAL_FELIX__HEALTH__PRT: names no setting (did you mean CANAL_FELIX__HEALTH__PORT?)",
            "environment CANAL_FELIX__LOG__LEVEL: log.level: expected one of \"debug\", \"info\", \"warning\", \"error\", found \"inof\" (did you mean \"info\"?)",
            "flag --port: health.port: expected an integer from 1 to 65535, found \"x\\n\"",
        ], fixture.LoadWrong());
    }

    [Fact]
    public void A_file_that_cannot_be_read_is_an_error_and_a_missing_one_is_not()
    {
        using ConfigurationFixture fixture = new();
        Directory.CreateDirectory(fixture.Path("etc/felix.toml"));
        string error = Assert.Single(fixture.LoadWrong());
        Assert.StartsWith("etc/felix.toml: cannot be read: ", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_not_utf8_is_an_error_at_the_bad_byte()
    {
        using ConfigurationFixture fixture = new();
        Directory.CreateDirectory(fixture.Path("etc"));
        File.WriteAllBytes(fixture.Path("etc/felix.toml"), [.. "# ü\ntoken = \"ü"u8, 0xff, .. "\"\n"u8]);
        Assert.Equal(["etc/felix.toml:2:11: is not UTF-8 here"], fixture.LoadWrong());
    }

    [Fact]
    public void A_file_of_absurd_size_or_nesting_is_an_error()
    {
        using ConfigurationFixture fixture = new();
        fixture.Write("etc/canal.toml", new string('#', (1 << 20) + 1)).Write("etc/felix.toml", "token = " + new string('[', 100_000));
        string[] errors = fixture.LoadWrong();
        Assert.Equal("etc/canal.toml: is larger than 1048576 bytes", errors[0]);
        Assert.StartsWith("etc/felix.toml:1:", errors[1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_host_name_that_is_no_node_name_matters_only_when_nothing_else_names_the_node()
    {
        using ConfigurationFixture fixture = new() { HostName = "my_host" };
        Assert.Equal(["hostname: node_name is \"my_host\", which is not a DNS name in lower case (letters, digits, \"-\" and \".\"); set node_name in canal.toml"],
            fixture.LoadWrong());
        fixture.Write("etc/canal.toml", "node_name = \"host-a\"\n");
        Assert.Equal("host-a", fixture.LoadRight().Get(CommonSettings.NodeName));
    }

    [Fact]
    public void Random_text_never_throws() =>
        CsCheck.Check.Sample(CsCheck.Gen.String[CsCheck.Gen.Char["[]{}=.\"'#\n\\ ab_1,-\t"], 0, 80], text =>
        {
            TomlDocument document = TomlDocument.Parse(text, "f");
            List<ConfigurationError> errors = [.. document.Errors];
            new TomlBinder(SampleSettings.Schema, "f", [], errors).Bind(document);
            Assert.All(errors, error => Assert.True(error is { Line: > 0, Column: > 0 } && error.Message.Length > 0, error.ToString()));
        });
}
