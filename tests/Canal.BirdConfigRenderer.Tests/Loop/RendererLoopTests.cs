using Canal.Hosting;

namespace Canal.BirdConfigRenderer.Tests.Loop;

/// <summary>What stands between etcd and BIRD's file: failures that pass, values that are refused, files that are bad or cannot be read.</summary>
public sealed class RendererLoopTests
{
    private static readonly (string Key, string Value) A = RendererHost.NodeAt("a", 1), B = RendererHost.NodeAt("b", 2), C = RendererHost.NodeAt("c", 3);

    private static (string Key, string Value) Peer(string name, string spec) => RendererHost.Resource("bgppeers", name, spec);

    [Fact]
    public async Task Two_nodes_with_one_address_and_two_ports_do_not_end_the_agent()
    {
        await using RendererHost host = new RendererHost().Start();
        await host.Snapshot(A, B, RendererHost.NodeAt("twin", 2), RendererHost.Resource("bgpconfigurations", "node.twin", """{"listenPort":1790}"""));
        await host.Until(() => host.Text.Contains("protocol bgp Mesh_10_0_0_2 ", StringComparison.Ordinal), "nothing was rendered");
        await host.Put(C);
        await host.Until(() => host.Text.Contains("protocol bgp Mesh_10_0_0_3 ", StringComparison.Ordinal), "the agent does not go on");
        Assert.Contains("neighbor 10.0.0.2 port 179 ", host.Text, StringComparison.Ordinal);
        Assert.Equal(1, host.Log.Count("Node twin: spec.bgp: 10.0.0.2 is the address of node b too"));
    }

    [Fact]
    public async Task What_fails_and_is_no_refusal_is_tried_again_and_told_once()
    {
        await using RendererHost host = new();
        string program = host.PathOf("bird");
        host.Configure($"bird_program = \"{program}\"");
        host.Start();
        await host.Snapshot(A, B);
        await host.Until(() => host.Log.Has($"writing BIRD's configuration failed, trying again: {program} cannot be run"), "a missing program is not told");
        host.Write("bird", "#!/bin/sh\necho \"$0: something is amiss\" >&2\nexit 1\n");
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        await host.Until(() => host.Log.Has("something is amiss"), "an odd end is not told");
        Assert.Equal("", host.Text);
        await host.Until(() => !host.IsHealthy, "it is called healthy");
        File.Delete(program);
        File.CreateSymbolicLink(program, "/usr/sbin/bird");
        await host.Until(() => host.Text.Contains("Mesh_10_0_0_2", StringComparison.Ordinal), "it was not tried again");
        Assert.Equal(2, host.Log.Count("writing BIRD's configuration failed"));
        await host.Until(() => host.Log.Has("writing BIRD's configuration works again"), "that it works again is not told");
        Assert.False(File.Exists(host.BirdConfig + ".new"));
    }

    [Fact]
    public async Task A_bad_snippet_keeps_nothing_else_from_Bird()
    {
        await using RendererHost host = new();
        host.Write("bird.d/export-ipv4-mine.conf", "if net = 203.0.113.0/24 then reject;\n");
        host.Write("bird.d/other.conf", "protocol static additional { ipv4; route 198.51.100.0/24 blackhole; }\n");
        host.Start();
        await host.Snapshot(A, B);
        await host.Until(() => host.Text.Contains("if net = 203.0.113.0/24", StringComparison.Ordinal) && host.Text.Contains("protocol static additional", StringComparison.Ordinal), "good snippets are not used");

        host.Write("bird.d/export-ipv4-mine.conf", "if net = 203.0.113.0/24 then nonsense;\n");
        host.Write("bird.d/new.conf", "protocol nonsense { }\n");
        await host.Until(() => host.Log.Has("BIRD refuses the snippet export-ipv4-mine.conf, the version that was accepted before stays: ") && host.Log.Has("BIRD refuses the snippet new.conf, it is left out: "), "bad snippets are not told of");
        await host.Put(C);
        await host.Until(() => host.Text.Contains("Mesh_10_0_0_3", StringComparison.Ordinal), "a bad snippet holds up etcd's changes");
        Assert.Contains("then reject;", host.Text, StringComparison.Ordinal);
        Assert.Contains("protocol static additional", host.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("nonsense", host.Text, StringComparison.Ordinal);
        Assert.Contains("refused by BIRD: snippet export-ipv4-mine.conf: ", (await host.Ask("status")).Body, StringComparison.Ordinal);

        // The file in force is what an agent that starts anew knows them from.
        await host.Stop();
        host.Start();
        await host.Snapshot(A, B);
        await host.Until(() => host.Text.Length > 0 && !host.Text.Contains("Mesh_10_0_0_3", StringComparison.Ordinal), "a bad snippet holds up etcd's changes after a restart");
        Assert.Contains("if net = 203.0.113.0/24 then reject;", host.Text, StringComparison.Ordinal);

        host.Write("bird.d/export-ipv4-mine.conf", "if net = 192.0.2.0/24 then reject;\n");
        await host.Until(() => host.Text.Contains("192.0.2.0/24", StringComparison.Ordinal), "a mended snippet is not taken in");
        Assert.Equal(1, host.Log.Count("the snippet export-ipv4-mine.conf is good again"));
        Assert.Equal(1, host.Log.Count("BIRD refuses the snippet new.conf"));
    }

    [Theory]
    [InlineData("bgpconfigurations", "default", """{"asNumber":65001,"nodeToNodeMeshEnabled":false}""", """{"asNumber":"x"}""")]
    [InlineData("bgpconfigurations", "node.a", """{"listenPort":1790}""", """{"listenPort":"x"}""")]
    [InlineData("bgppeers", "tor", """{"peerIP":"10.0.0.9","asNumber":65000}""", """{"peerIP":"10.0.0","asNumber":65000}""")]
    [InlineData("nodes", "b", """{"bgp":{"ipv4Address":"10.0.0.2/24"}}""", """{"bgp":{"ipv4Address":"10.0.0.2/24","asNumber":0}}""")]
    public async Task What_was_good_for_an_earlier_run_and_is_refused_now_leaves_the_file_as_it_is(string plural, string name, string good, string bad)
    {
        await using RendererHost host = new RendererHost().Start();
        host.Bird.Start();
        (string Key, string Value)[] cluster = [A, B, Peer("tor", """{"peerIP":"10.0.0.9","asNumber":65000}""")];
        (string Key, string Value) mended = RendererHost.Resource(plural, name, good), broken = RendererHost.Resource(plural, name, bad);
        (string Key, string Value)[] others = [.. cluster.Where(e => e.Key != mended.Key)];
        await host.Snapshot([.. others, mended]);
        await host.Until(() => host.Text.Contains("Global_10_0_0_9", StringComparison.Ordinal) && host.IsHealthy, "nothing was rendered");
        string text = host.Text;
        await host.Stop();

        host.Start();
        await host.Snapshot([.. others, broken, C]);
        await host.Until(() => host.Log.Has("BIRD's configuration stays as it is until this is mended or deleted: "), "it is not told");
        await host.Until(() => !host.IsHealthy, "it is called healthy");
        Assert.Equal(text, host.Text);
        await host.Put(mended);
        await host.Until(() => host.IsHealthy, "it does not go on when it is mended");
        Assert.Contains(plural == "bgpconfigurations" && name == "default" ? "as 65001;" : "Mesh_10_0_0_3", host.Text, StringComparison.Ordinal);
        Assert.Equal(1, host.Log.Count("stays as it is until this is mended"));
    }

    [Fact]
    public async Task A_peer_that_never_was_good_holds_up_nothing()
    {
        await using RendererHost host = new RendererHost().Start();
        await host.Snapshot(A, B);
        await host.Until(() => host.Text.Contains("Mesh_10_0_0_2", StringComparison.Ordinal), "nothing was rendered");
        await host.Stop();
        host.Start();
        await host.Snapshot(A, B, C, Peer("bad", """{"peerIP":"10.0.0","asNumber":65000}"""));
        await host.Until(() => host.Text.Contains("Mesh_10_0_0_3", StringComparison.Ordinal), "a peer that has no session holds the others up");
    }

    [Fact]
    public async Task A_claim_that_cannot_be_read_leaves_the_one_before()
    {
        const string key = "ipam/v2/host/a/ipv4/block/192.168.1.0-26";
        await using RendererHost host = new RendererHost().Start();
        await host.Snapshot(A, B, (key, """{"state":"confirmed"}"""));
        await host.Until(() => host.Text.Contains("route 192.168.1.0/26 blackhole;", StringComparison.Ordinal), "the block is not there");
        await host.Put((key, "nonsense"), C);
        await host.Until(() => host.Text.Contains("Mesh_10_0_0_3", StringComparison.Ordinal), "the change was not rendered");
        Assert.Contains("route 192.168.1.0/26 blackhole;", host.Text, StringComparison.Ordinal);
        Assert.True(host.Log.Has("the claim to block 192.168.1.0/26 is refused, the value before it stays in force: "));
        Assert.Contains("refused: claim to block 192.168.1.0/26: ", (await host.Ask("status")).Body, StringComparison.Ordinal);
        await host.Delete(key);
        await host.Until(() => !host.Text.Contains("192.168.1.0/26", StringComparison.Ordinal), "a claim that is gone stays");
    }

    [Fact]
    public async Task A_password_is_a_file_or_a_credential_and_one_that_cannot_be_read_is_told_of()
    {
        const string secret = """{"peerIP":"10.0.0.9","asNumber":65000,"password":{"secretKeyRef":{"name":"tor","key":"md5"}}}""";
        await using RendererHost host = new();
        // A folder in the place of the file fails to be read for root too.
        Directory.CreateDirectory(host.PathOf("secrets/tor/md5"));
        host.Start();
        await host.Snapshot(A, Peer("tor", secret));
        await host.Until(() => host.Text.Contains("disabled yes;", StringComparison.Ordinal), "the session is not held down");
        await host.Until(() => host.Log.Has("secrets/tor/md5"), "why it cannot be read is not told");
        Directory.Delete(host.PathOf("secrets/tor/md5"));
        host.Write("credentials/tor.md5", "of systemd\n");
        await host.Put(B);
        await host.Until(() => host.Text.Contains("password \"of systemd\";", StringComparison.Ordinal), "the credential is not used");
        host.Write("secrets/tor/md5", "of a file\n");
        await host.Until(() => host.Text.Contains("password \"of a file\";", StringComparison.Ordinal), "the file does not come before the credential");
        Assert.DoesNotContain("of a file", host.Log.Text + (await host.Ask("status")).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_mesh_without_its_password_is_a_problem()
    {
        await using RendererHost host = new RendererHost().Start();
        await host.Snapshot(A, B, C, RendererHost.Resource("bgpconfigurations", "default", """{"nodeMeshPassword":{"secretKeyRef":{"name":"mesh","key":"md5"}}}"""));
        await host.Until(() => host.Log.Has("BGPConfiguration default: every session of the mesh is held down: password mesh/md5 is missing"), "it is not told");
        Assert.Contains("canal_bgp_problems 1\n", await MetricsWith(host, "canal_bgp_problems 1\n"), StringComparison.Ordinal);
        host.Write("secrets/mesh/md5", "x1");
        await host.Until(() => host.Text.Split("password \"x1\";").Length == 3, "the password is not used");
    }

    [Fact]
    public async Task A_reload_says_what_needs_a_restart()
    {
        await using RendererHost host = new RendererHost().Start();
        await host.Snapshot(A, B);
        Assert.Equal(ControlResponse.Ok(), await host.Ask("reload"));
        host.Configure("bird_socket = \"/elsewhere/bird.ctl\"\nrouter_id = \"10.9.9.9\"");
        ControlResponse answer = await host.Ask("reload");
        Assert.Null(answer.Error);
        Assert.StartsWith("bird_socket: in force when canal-bird-config-renderer is started again", answer.Body, StringComparison.Ordinal);
        await host.Until(() => host.Text.Contains("router id 10.9.9.9;", StringComparison.Ordinal), "what needs no restart is not in force");
    }

    private static async Task<string> MetricsWith(RendererHost host, string text)
    {
        await host.Until(() => host.Metrics.Text.Contains(text, StringComparison.Ordinal), $"metrics without {text}");
        return host.Metrics.Text;
    }
}
