using System.ComponentModel;
using System.Diagnostics;
using Canal.Testing.Rig;

namespace Canal.BirdConfigRenderer.Tests.Loop;

/// <summary>The two processes of BIRD 1.6 as one BIRD, and which BIRD a host has.</summary>
public sealed class Bird16LoopTests
{
    [Fact]
    public async Task Both_processes_are_told_of_and_count_together()
    {
        await using RendererHost host = new();
        host.Configure(string.Join('\n', Bird16.Settings));
        host.Bird.Start();
        host.Start();
        await host.Snapshot(RendererHost.NodeAt("a", 1, ""","ipv6Address":"fd00::1/64" """), RendererHost.NodeAt("b", 2, ""","ipv6Address":"fd00::2/64" """));
        await host.Until(() => host.Log.Has($"BIRD does not run: there is no {host.PathOf("bird6.ctl")}"), "a missing process is not told");
        await host.Until(() => host.Metrics.Text.Contains("canal_bird_up 0\n", StringComparison.Ordinal), "one process counts for both");
        Assert.False(host.IsHealthy);
        Assert.Contains("bird (IPv6): BIRD does not run", (await host.Ask("status")).Body, StringComparison.Ordinal);

        using FakeBird six = new(host.PathOf("bird6.ctl"));
        six.Start();
        await host.Until(() => host.IsHealthy && host.Metrics.Text.Contains("canal_bird_up 1\n", StringComparison.Ordinal), "both do not count");
        host.Bird.Set("Mesh_10_0_0_2", "Established", "2026-05-04 09:30:01");
        six.Set("Mesh_fd00__2", "Established", "2026-05-04 09:30:01");
        foreach (string name in (string[])["Mesh_10_0_0_2", "Mesh_fd00__2"]) await host.Until(() => host.Log.Count($"BGP session {name} (node b) is established") == 1, $"{name} is not told");
        await host.Until(() => host.Metrics.Text.Contains("canal_bgp_routes_imported 6\n", StringComparison.Ordinal), "routes are not added up");
        six.Stop();
        await host.Until(() => host.Log.Has("BGP session Mesh_fd00__2 (node b) is down: BIRD does not run"), "that a session ended with its process is not told");
        Assert.Equal(0, host.Log.Count("BGP session Mesh_10_0_0_2 (node b) is down"));
    }

    [Fact]
    public async Task What_one_process_will_not_have_is_put_back_for_both()
    {
        await using RendererHost host = new();
        host.Configure(string.Join('\n', Bird16.Settings));
        using FakeBird six = new(host.PathOf("bird6.ctl"));
        host.Bird.Start();
        six.Start();
        host.Start();
        await host.Snapshot(RendererHost.NodeAt("a", 1, ""","ipv6Address":"fd00::1/64" """));
        await host.Until(() => host.IsHealthy, "nothing was rendered");
        string six6 = File.ReadAllText(host.PathOf("bird6.conf")), four = host.Text;
        six.ToConfigure = "8002 bird6.conf:1:1 no\n";
        await host.Put(RendererHost.NodeAt("b", 2, ""","ipv6Address":"fd00::2/64" """));
        await host.Until(() => host.Log.Has("BIRD refuses the new configuration, the old one stays: bird6.conf:1:1 no"), "the refusal is not told");
        await host.Until(() => (File.ReadAllText(host.PathOf("bird6.conf")), host.Text) == (six6, four), "the files were not put back");
        foreach (string left in (string[])["bird.conf.new", "bird6.conf.new"]) Assert.False(File.Exists(host.PathOf(left)));
        six.ToConfigure = "0003 Reconfigured\n";
        await host.Put(RendererHost.NodeAt("c", 3));
        await host.Until(() => host.Text.Contains("Mesh_10_0_0_3", StringComparison.Ordinal) && File.ReadAllText(host.PathOf("bird6.conf")).Contains("Mesh_fd00__2", StringComparison.Ordinal), "the agent does not go on");
    }

    [Theory]
    [InlineData("auto", "1.6.8", true)]
    [InlineData("auto", "2.0.12", false)]
    [InlineData("auto", "3.1.0", false)]
    [InlineData("auto", "", false)]
    [InlineData("1.6", "", true)]
    [InlineData("2", "1.6.8", false)]
    public async Task The_setting_or_the_program_says_which_Bird_it_is(string setting, string program, bool isTwo)
    {
        await using RendererHost host = new();
        host.Write("bird", $"#!/bin/sh\n[ \"$1\" != --version ] || echo 'BIRD version {program}' >&2\n");
        File.SetUnixFileMode(host.PathOf("bird"), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        await host.Until(() => Runs(host.PathOf("bird")), "the program cannot be run");
        host.Configure($"bird_version = \"{setting}\"\nbird_program = \"{host.PathOf("bird")}\"\nbird6_program = \"{host.PathOf("bird")}\"");
        host.Start();
        await host.Snapshot(RendererHost.NodeAt("a", 1));
        await host.Until(() => host.Log.Has("BIRD's configuration follows"), "nothing was rendered");
        Assert.Equal(isTwo, File.Exists(host.PathOf("bird6.conf")));
        Assert.Equal(isTwo, !host.Text.Contains("ipv4;", StringComparison.Ordinal));
        Assert.Equal(setting == "auto" && program.Length == 0, host.Log.Has("it is taken for BIRD 2"));
    }

    /// <summary>A file that was just written is busy while a process that another test starts has it open still.</summary>
    private static bool Runs(string program)
    {
        try
        {
            using Process process = Process.Start(program);
            process.WaitForExit();
            return true;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
