using System.Formats.Tar;
using System.IO.Compression;
using Canal.Hosting;

namespace Canal.Ctl.Tests;

/// <summary>drops, policy stats and diag: what the agent of this host is asked for.</summary>
public sealed class LiveCommandTests
{
    private const string Drops = """
        {"serial":41,"missed":3,"drop_log":"journal","drop_log_group":170}
        {"serial":40,"packets":14,"first":"2026-05-04T09:30:00Z","last":"2026-05-04T09:30:01.25Z","direction":"ingress","endpoint":"default/h1-k8s-w0-eth0","in":"eth0","out":"caliw0","reason":"gnp/web ingress 2","policy":"gnp/web","rule":2,"protocol":"tcp","source":"10.2.3.4","destination":"10.0.0.7","source_port":51514,"destination_port":5432}
        {"serial":41,"packets":1,"first":"2026-05-04T09:30:00Z","last":"2026-05-04T09:30:02Z","direction":"egress","endpoint":"","in":"caliw0","out":"","reason":"spoofed source","protocol":"icmpv6","source":"fd00::1","destination":"fd00::2","icmp_type":128,"icmp_code":0}

        """;

    private const string Counters = """
        5 300 policy-in/gnp/web gnp/web ingress 0 allow
        2 120 policy-in/gnp/web gnp/web ingress 10 deny
        7 420 policy-in/gnp/web/9 gnp/web ingress 9 allow
        1 60 policy-in/gnp/web/9 gnp/web ingress 9 allow
        0 0 policy-out/np/prod/db np/prod/db egress 0 allow
        3 180 staged-in/sgnp/trial sgnp/trial ingress 0 would deny
        9 540 from-workload drop of invalid packets

        """;

    [Fact]
    public async Task Drops_are_shown_and_followed_by_their_serial()
    {
        await using Agent agent = new(request => request switch
        {
            "drops" => Drops,
            "drops 41" => """
                {"serial":42,"missed":3,"drop_log":"journal","drop_log_group":170}
                {"serial":42,"packets":2,"last":"2026-05-04T09:31:00Z","direction":"ingress","endpoint":"e","reason":"end of tier default","protocol":"udp","source":"fd00::1","destination":"fd00::2","source_port":1,"destination_port":2}

                """,
            _ => """{"serial":42,"missed":3}""",
        });
        ProgramRun run = (await agent.Run("drops")).Good();
        Assert.Equal("""
            09:30:01.250 ingress default/h1-k8s-w0-eth0 tcp 10.2.3.4:51514 > 10.0.0.7:5432 gnp/web ingress 2 x14
            09:30:02.000 egress caliw0 icmpv6 type 128 code 0 fd00::1 > fd00::2 spoofed source

            """, run.Output);
        Assert.Equal("3 denied packets were too many to be told\n", run.Error);
        Assert.EndsWith("09:31:00.000 ingress e udp [fd00::1]:1 > [fd00::2]:2 end of tier default x2\n", (await agent.Run("drops", "-f", "--for", "1200ms")).Good().Output, StringComparison.Ordinal);
        Assert.StartsWith("""{"serial":40,"packets":14,""", (await agent.Run("drops", "-o", "json")).Good().Output, StringComparison.Ordinal);
    }

    private const string Flows = """
        {"serial":41,"missed":0,"drop_log":"journal","drop_log_group":170,"more":true}
        {"verdict":"allowed","id":7,"protocol":"tcp","source":"10.65.0.11","destination":"10.65.0.10","source_port":40000,"destination_port":80,"sent_to":"192.0.2.1","state":"established","packets":12,"bytes":800,"reply_packets":10,"reply_bytes":9000,"egress":{"endpoint":"default/h1-k8s-w1-eth0","verdict":"allowed","reason":"pro/open egress 0","policy":"pro/open","rule":0},"ingress":{"endpoint":"default/h1-k8s-w0-eth0","verdict":"allowed","reason":"gnp/web ingress 1","policy":"gnp/web","rule":1}}
        {"verdict":"outlived","id":8,"protocol":"icmpv6","source":"fd00::1","destination":"fd00::2","icmp_type":128,"icmp_code":0,"state":"answered","ingress":{"endpoint":"hep","verdict":"denied","reason":"end-of-tier default ingress"}}
        {"verdict":"denied","protocol":"udp","source":"fd00::1","destination":"fd00::2","source_port":5,"destination_port":53,"packets":3,"last":"2026-05-04T09:30:01.25Z","in":"eth0","out":"","ingress":{"endpoint":"hep","verdict":"denied","reason":"gnp/gate ingress 0","policy":"gnp/gate","rule":0}}

        """;

    [Fact]
    public async Task Flows_are_shown_with_what_each_end_says_and_followed()
    {
        string asked = "";
        await using Agent agent = new(request =>
        {
            asked = request;
            // One is judged otherwise, one is new, one is gone.
            return request.StartsWith("flows after=41", StringComparison.Ordinal) ? """
                {"serial":42}
                {"verdict":"outlived","id":7,"protocol":"tcp","source":"10.65.0.11","destination":"10.65.0.10","source_port":40000,"destination_port":80,"state":"established"}
                {"verdict":"allowed","id":9,"protocol":"udp","source":"10.65.0.11","destination":"10.65.0.12","source_port":1,"destination_port":2,"state":"unanswered"}

                """ : request.StartsWith("flows after=42", StringComparison.Ordinal) ? """{"serial":42}""" : Flows;
        });
        ProgramRun run = (await agent.Run("flows")).Good();
        Assert.Equal("""
            VERDICT   PROTOCOL      SOURCE            DESTINATION                STATE        PACKETS  BYTES     FROM                    EGRESS             TO                      INGRESS
            allowed   tcp           10.65.0.11:40000  10.65.0.10:80 (192.0.2.1)  established  12/10    800/9000  default/h1-k8s-w1-eth0  pro/open egress 0  default/h1-k8s-w0-eth0  gnp/web ingress 1
            outlived  icmpv6/128/0  fd00::1           fd00::2                    answered     -        -         -                       -                  hep                     end-of-tier default ingress
            denied    udp           [fd00::1]:5       [fd00::2]:53               -            3        -         -                       -                  hep                     gnp/gate ingress 0

            """, run.Output);
        Assert.Equal("there are more connections than can be told: ask for those of one endpoint\n", run.Error);
        Assert.Equal("flows after=0", asked);

        string[] followed = (await agent.Run("flows", "-f", "--for", "1500ms", "-o", "json")).Good().Output.Split('\n');
        Assert.Equal(["allowed 7", "outlived 8", "denied 0", "outlived 7", "allowed 9"], followed[..^1].Select(line => System.Text.Json.Nodes.JsonNode.Parse(line)!).Select(flow => $"{flow["verdict"]} {flow["id"] ?? 0}"));

        (await agent.Run("flows", "--endpoint", "default/w0", "--policy", "gnp/web", "--denied")).Good();
        Assert.Equal("flows after=0 endpoint=default/w0 policy=gnp/web verdict=denied", asked);
        (await agent.Run("flows", "--allowed", "--denied")).Bad(64, "exclude each other");
        (await agent.Run("flows", "--endpoint", "a b")).Bad(64, "'a b' is no name");
        (await agent.Run("flows", "-o", "yaml")).Bad(64, "'yaml' is not table or json");
    }

    [Fact]
    public async Task An_answer_of_another_kind_is_told()
    {
        await using Agent agent = new(_ => "nonsense\n");
        (await agent.Run("drops")).Bad(1, "does not understand");
        (await agent.Run("flows")).Bad(1, "does not understand");
    }

    [Fact]
    public async Task Rules_are_counted_whatever_the_number_of_kernel_rules_they_take()
    {
        await using Agent agent = new(_ => Counters);
        Assert.Equal("""
            POLICY      RULE        ACTION      PACKETS  BYTES
            gnp/web     ingress 0   allow       5        300
            gnp/web     ingress 9   allow       8        480
            gnp/web     ingress 10  deny        2        120
            np/prod/db  egress 0    allow       0        0
            sgnp/trial  ingress 0   would deny  3        180

            """, (await agent.Run("policy", "stats")).Good().Output);
        Assert.Equal("POLICY      RULE      ACTION  PACKETS  BYTES\nnp/prod/db  egress 0  allow   0        0\n", (await agent.Run("policy", "stats", "db", "--unused")).Good().Output);
    }

    [Fact]
    public async Task Diagnostics_are_one_archive_without_secrets()
    {
        await using Agent agent = new(request => request == "show-config" ? "etcd.password = hunter2  # file\n" : "ready: yes\n");
        string configuration = agent.Folder.Write("etc/canal.toml", "[etcd]\nendpoints = [\"https://me:hunter2@10.0.0.1:2379\"]\npassword_file = \"/etc/canal/password\"\npassword = \"hunter2\"\n");
        string archive = Path.Combine(agent.Folder.Path, "diag.tar.gz");
        Assert.Equal($"{archive}\n", (await agent.Run("diag", "-o", archive, "--config-dir", Path.GetDirectoryName(configuration)!)).Good().Output);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(archive));
        Dictionary<string, string> files = await Read(archive);
        Assert.Equal("etcd.password = (removed)  # file\n", files["canal-diag/felix-config.txt"]);
        Assert.Equal("[etcd]\nendpoints = [\"https://(removed)@10.0.0.1:2379\"]\npassword_file = \"/etc/canal/password\"\npassword = (removed)\n", files["canal-diag/etc/canal.toml"]);
        Assert.Contains("not to be had", files["canal-diag/bird-status.txt"], StringComparison.Ordinal);
        Assert.All(files.Values, text => Assert.DoesNotContain("hunter2", text, StringComparison.Ordinal));
        Assert.Contains("Linux", files["canal-diag/uname.txt"], StringComparison.Ordinal);
        (await agent.Run("diag", "-o", archive)).Bad(1, "exists");
    }

    [Fact]
    public async Task What_calicoctl_has_below_node_is_here_too()
    {
        await using Agent agent = new(_ => "ready: yes\nendpoints: 2\n");
        string felix = """
            ready      yes
            endpoints  2

            """;
        Assert.Equal(felix, (await agent.Run("node", "status")).Good().Output);
        string archive = (await agent.Run("node", "diags")).Good().Output.Trim();
        try
        {
            Assert.Equal("ready: yes\nendpoints: 2\n", (await Read(archive))["canal-diag/felix-status.txt"]);
        }
        finally
        {
            File.Delete(archive);
        }
        using ControlSocketServer server = ControlSocketServer.Listen(Path.Combine(agent.Folder.Path, "bird-config-renderer.sock"));
        using CancellationTokenSource ended = new();
        Task serving = server.RunAsync((_, _) => Task.FromResult(ControlResponse.Ok("Mesh_192_0_2_2\tnode h2\t64512\tEstablished\t2026-01-02 03:04:05\t3\t4\t-\n")), ended.Token);
        Assert.Equal($"""
            {felix}
            SESSION         PEER     AS     STATE        SINCE                IN  OUT  LAST-ERROR
            Mesh_192_0_2_2  node h2  64512  Established  2026-01-02 03:04:05  3   4    -

            """, (await agent.Run("node", "status")).Good().Output);
        await ended.CancelAsync();
        await serving;
    }

    [Theory]
    [InlineData("etcdPassword: s3cret", "etcdPassword: (removed)")]
    [InlineData("{\"token\":\"a b\",\"x\":1}", "{\"token\":(removed),\"x\":1}")]
    [InlineData("-----BEGIN EC PRIVATE KEY-----\nMHcC\n-----END EC PRIVATE KEY-----\nafter", "(private key removed)\nafter")]
    [InlineData("http://10.0.0.1:2379/a@b", "http://10.0.0.1:2379/a@b")]
    [InlineData("secretKeyRef is no secret", "secretKeyRef is no secret")]
    public void Secrets_are_taken_out_by_their_names(string text, string expected) => Assert.Equal(expected, DiagCommand.WithoutSecrets(text));

    private static async Task<Dictionary<string, string>> Read(string archive)
    {
        Dictionary<string, string> files = [];
        await using FileStream file = File.OpenRead(archive);
        await using GZipStream unpacked = new(file, CompressionMode.Decompress);
        await using TarReader reader = new(unpacked);
        while (await reader.GetNextEntryAsync(copyData: true, TestContext.Current.CancellationToken) is { } entry)
            files[entry.Name] = entry.DataStream is null ? "" : await new StreamReader(entry.DataStream).ReadToEndAsync(TestContext.Current.CancellationToken);
        return files;
    }

    /// <summary>What listens where canal-felix would.</summary>
    private sealed class Agent : IAsyncDisposable
    {
        private readonly CancellationTokenSource ended = new();
        private readonly ControlSocketServer server;
        private readonly Task serving;

        public Agent(Func<string, string> answer)
        {
            server = ControlSocketServer.Listen(Path.Combine(Folder.Path, "felix.sock"));
            serving = server.RunAsync((request, _) => Task.FromResult(ControlResponse.Ok(answer(request))), ended.Token);
        }

        public TemporaryFolder Folder { get; } = new();

        public Task<ProgramRun> Run(params string[] words) =>
            ProgramRun.Of(words, "", new Dictionary<string, string> { ["CONFIGURATION_DIRECTORY"] = "/nonexistent", ["RUNTIME_DIRECTORY"] = Folder.Path, ["ETCD_ENDPOINTS"] = "http://127.0.0.1:1" });

        public async ValueTask DisposeAsync()
        {
            await ended.CancelAsync();
            await serving;
            server.Dispose();
            ended.Dispose();
            Folder.Dispose();
        }
    }
}
