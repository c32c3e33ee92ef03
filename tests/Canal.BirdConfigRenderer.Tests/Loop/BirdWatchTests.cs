namespace Canal.BirdConfigRenderer.Tests.Loop;

/// <summary>What is told of BIRD and its sessions, and what is done when BIRD comes, goes or hangs.</summary>
public sealed class BirdWatchTests
{
    private const string Up = "BGP session Mesh_10_0_0_2 (node b) is established", Down = "BGP session Mesh_10_0_0_2 (node b) is down: ";

    [Fact]
    public async Task Sessions_that_come_up_and_go_down_are_told()
    {
        await using RendererHost host = await Started();
        host.Bird.Set("Mesh_10_0_0_2", "Established", "2026-05-04 09:30:01");
        await host.Until(() => host.Log.Count(Up) == 1, "up is not told");
        host.Bird.Set("Mesh_10_0_0_2", "Active", "2026-05-04 09:30:02", "Received: Hold timer expired");
        await host.Until(() => host.Log.Count(Down + "Active, Received: Hold timer expired") == 1, "down is not told");
        host.Bird.Set("Mesh_10_0_0_2", "Connect", "2026-05-04 09:30:02");
        host.Bird.Set("Mesh_10_0_0_2", "Established", "2026-05-04 09:30:03");
        await host.Until(() => host.Log.Count(Up) == 2, "up is not told again");
        Assert.Equal(1, host.Log.Count(Down));
    }

    [Fact]
    public async Task A_session_that_was_down_between_two_looks_is_told()
    {
        await using RendererHost host = await Started();
        host.Bird.Set("Mesh_10_0_0_2", "Established", "2026-05-04 09:30:01");
        await host.Until(() => host.Log.Count(Up) == 1, "up is not told");
        host.Bird.Set("Mesh_10_0_0_2", "Established", "2026-05-04 09:30:07", "Socket: Connection reset by peer");
        await host.Until(() => host.Log.Count(Up) == 2, "the second coming up is not told");
        Assert.Equal(1, host.Log.Count(Down + "it was down for a moment, Socket: Connection reset by peer"));
    }

    [Fact]
    public async Task Sessions_end_and_come_back_with_Bird()
    {
        await using RendererHost host = await Started();
        host.Bird.Set("Mesh_10_0_0_2", "Established", "2026-05-04 09:30:01");
        await host.Until(() => host.Log.Count(Up) == 1, "up is not told");
        host.Bird.Stop();
        await host.Until(() => host.Log.Count(Down + "BIRD does not run") == 1, "that the session ended with BIRD is not told");
        int configured = host.Bird.Count("configure");
        host.Bird.Start();
        await host.Until(() => host.Bird.Count("configure") > configured, "a BIRD that came back is not given the file");
        host.Bird.Set("Mesh_10_0_0_2", "Established", "2026-05-04 09:31:01");
        await host.Until(() => host.Log.Count(Up) == 2, "that the session came back is not told");
        Assert.Equal(2, host.Log.Count("BIRD 2.0.12 runs"));
    }

    [Fact]
    public async Task What_was_up_when_the_agent_started_is_not_told_as_news()
    {
        await using RendererHost host = await Started();
        host.Bird.Set("Mesh_10_0_0_2", "Established", "2026-05-04 09:30:01");
        await host.Until(() => host.Log.Count(Up) == 1, "up is not told");
        await host.Stop();
        host.Start();
        await host.Snapshot(RendererHost.NodeAt("a", 1), RendererHost.NodeAt("b", 2));
        await host.Until(() => host.Log.Has("BIRD 2.0.12 runs, 1 of 1 sessions are established"), "BIRD is not told of");
        host.Bird.Set("Mesh_10_0_0_2", "Idle", "2026-05-04 09:30:02");
        await host.Until(() => host.Log.Count(Down + "Idle") == 1, "down is not told");
        Assert.Equal(0, host.Log.Count(Up));
    }

    [Fact]
    public async Task A_link_to_a_socket_that_is_not_there_is_a_Bird_that_does_not_run()
    {
        await using RendererHost host = new();
        File.CreateSymbolicLink(host.SocketPath, host.PathOf("bird/bird.ctl"));
        host.Start();
        await host.Until(() => host.Log.Has($"BIRD does not run: there is no {host.SocketPath}"), "that BIRD does not run is not told");
    }

    [Fact]
    public async Task A_Bird_that_did_not_read_the_file_is_told_again()
    {
        await using RendererHost host = await Started();
        host.Bird.ToConfigure = null;
        await host.Put(RendererHost.NodeAt("c", 3));
        await host.Until(() => host.Text.Contains("Mesh_10_0_0_3", StringComparison.Ordinal), "nothing was written");
        int before = host.Bird.Count("configure");
        await host.Until(() => host.Bird.Count("configure") >= before + 2, "it is not told again");
        host.Bird.ToConfigure = "0003 Reconfigured\n";
        before = host.Bird.Count("configure");
        await host.Until(() => host.Bird.Count("configure") > before, "it is not told once more");
        await Quiet(host);
    }

    [Fact]
    public async Task A_Bird_that_will_not_have_the_file_is_told_of_once()
    {
        await using RendererHost host = await Started();
        host.Bird.Stop();
        await host.Until(() => host.Log.Has("BIRD does not run"), "that BIRD went is not told");
        host.Bird.ToConfigure = "8002 bird.conf:1:1 syntax error\n";
        host.Bird.Start();
        await host.Until(() => host.Log.Has("BIRD refuses the new configuration, the old one stays: bird.conf:1:1 syntax error"), "the refusal is not told");
        await host.Until(() => !host.IsHealthy, "it is called healthy");
        Assert.Contains("refused by BIRD: bird.conf:1:1 syntax error", (await host.Ask("status")).Body, StringComparison.Ordinal);
        await Quiet(host);
        Assert.Equal(1, host.Log.Count("BIRD refuses"));
    }

    [Fact]
    public async Task A_Bird_that_hangs_and_cannot_be_started_is_told_of_once()
    {
        await using RendererHost host = new();
        string program = host.PathOf("starter");
        host.Write("starter", $"#!/bin/sh\n[ \"$1\" = -R ] || exec /usr/sbin/bird \"$@\"\necho >>{host.PathOf("starts")}\necho 'I found another BIRD running.' >&2\nexit 1\n");
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        host.Configure($"bird_start = \"direct\"\nbird_program = \"{program}\"");
        host.Start();
        await host.Snapshot(RendererHost.NodeAt("a", 1), RendererHost.NodeAt("b", 2));
        await host.Until(() => File.Exists(host.PathOf("starts")) && File.ReadAllLines(host.PathOf("starts")).Length >= 4, "starting it is not tried again");
        Assert.Equal(1, host.Log.Count("starting BIRD failed, trying again: I found another BIRD running."));
        Assert.Equal(1, host.Log.Count("Information: starting BIRD"));
    }

    [Fact]
    public async Task Numbers_for_scrapers()
    {
        await using RendererHost host = await Started();
        await host.Put(RendererHost.NodeAt("c", 3), RendererHost.Resource("bgppeers", "tor", """{"peerIP":"10.0.0.9","asNumber":65000,"filters":["nowhere"]}"""));
        host.Bird.Set("Mesh_10_0_0_2", "Established", "2026-05-04 09:30:01");
        host.Bird.Set("Mesh_10_0_0_3", "Active", "2026-05-04 09:30:01");
        host.Bird.Set("Global_10_0_0_9", "Established", "2026-05-04 09:30:01");
        string[] wanted =
        [
            "canal_bird_up 1", "canal_bird_configurations_total 2", "canal_bird_refusals_total 0", "canal_bird_configuration_refused 0", "canal_bird_snippets_refused 0", "canal_bgp_problems 1",
            "canal_bgp_sessions{kind=\"Mesh\",family=\"ipv4\",established=\"true\"} 1", "canal_bgp_sessions{kind=\"Mesh\",family=\"ipv4\",established=\"false\"} 1",
            "canal_bgp_sessions{kind=\"Global\",family=\"ipv4\",established=\"true\"} 1", "canal_bgp_session_up{session=\"Global_10_0_0_9\"} 1",
            "canal_bgp_routes_imported 9", "canal_bgp_routes_exported 6",
        ];
        foreach (string line in wanted) await Measured(host, line);
        Assert.DoesNotContain("session=\"Mesh_", host.Metrics.Text, StringComparison.Ordinal);
        foreach (string line in host.Metrics.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries)) Assert.Matches("^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+({[a-z_]+=\"[^\"]*\"(,[a-z_]+=\"[^\"]*\")*})? [0-9]+)$", line);

        host.Write("bird.d/bad.conf", "nonsense\n");
        foreach (string line in (string[])["canal_bird_snippets_refused 1", "canal_bird_configuration_refused 0"]) await Measured(host, line);
        host.Bird.Stop();
        foreach (string line in (string[])["canal_bird_up 0", "canal_bgp_session_up{session=\"Global_10_0_0_9\"} 0"]) await Measured(host, line);
    }

    private static async Task<RendererHost> Started()
    {
        RendererHost host = new();
        host.Bird.Start();
        host.Start();
        await host.Snapshot(RendererHost.NodeAt("a", 1), RendererHost.NodeAt("b", 2));
        await host.Until(() => host.IsHealthy, "nothing was rendered");
        return host;
    }

    private static Task Measured(RendererHost host, string line) => host.Until(() => host.Metrics.Text.Contains($"{line}\n", StringComparison.Ordinal), $"no {line}");

    /// <summary>BIRD is looked at some times more, and not told anything.</summary>
    private static async Task Quiet(RendererHost host)
    {
        int configured = host.Bird.Count("configure"), looks = host.Bird.Count("show status");
        await host.Until(() => host.Bird.Count("show status") >= looks + 4, "BIRD is not looked at any more");
        Assert.InRange(host.Bird.Count("configure"), configured, configured + 1);
    }
}
