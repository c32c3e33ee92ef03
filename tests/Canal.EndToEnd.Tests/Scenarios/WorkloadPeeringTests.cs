using System.Diagnostics;
using System.Text.Json.Nodes;
using Canal.Testing.Rig;

namespace Canal.EndToEnd.Tests.Scenarios;

/// <summary>
/// A workload that speaks BGP with its host: canal-felix tells which workloads do, and gives the host an address for them; canal-bird-config-renderer makes
/// the sessions; BIRD, on either side, does the rest.
/// </summary>
public sealed class WorkloadPeeringTests
{
    private const string Session4 = "Local_Workload_10_65_0_10", Session6 = "Local_Workload_fd00_65__10";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private static readonly Resource Configuration = Calico.BgpConfiguration().Spec("nodeToNodeMeshEnabled", false)
        .Spec("localWorkloadPeeringIPV4", "169.254.0.179").Spec("localWorkloadPeeringIPV6", "fd12::179");

    private static readonly Resource Filter = Resource.Of("BGPFilter", "bgpfilters", null, "racks").Spec("importV4", Rules("10.123.0.0/16", "0.0.0.0/0")).Spec("importV6", Rules("fd00:123::/32", "::/0"));

    private static readonly Resource Peer = Calico.WorkloadPeering("racks", "role == 'rack'").Spec("filters", new JsonArray("racks"));

    [Theory]
    [InlineData("None")]
    [InlineData("NodeIP")]
    public async Task A_workload_tells_its_host_what_is_behind_it_until_its_labels_change(string bindMode)
    {
        await using NetworkRig rig = await NetworkRig.OneHost(2);
        using RendererProcess renderer = new(Path.Combine(rig.Folder, "renderer"), "h1", "http://10.100.0.254:2379");
        renderer.Configure($"endpoint_status_path_prefix = \"{Path.GetDirectoryName(rig.Agent().StatusFolder)}\"");
        Resource selected = rig.Endpoint("w0").Labels(("role", "rack"));
        await rig.Put(Configuration.Spec("bindMode", bindMode), Filter, Peer, selected);
        renderer.Start(rig["h1"].Netns);
        await rig.StartAgents();
        Inside(rig);
        using Process bird = rig["w0"].Netns.Run(() => Process.Start("bird", ["-f", "-c", WriteBird(rig), "-s", SocketOf(rig)]));
        try
        {
            await Until(() => Peers(renderer, Session4, "Established") && Peers(renderer, Session6, "Established"), "the sessions do not come up", renderer, rig);
            await Until(() => Routes.Of(rig["h1"], "10.123.0.0/26").Contains("via 10.65.0.10 dev caliw0 proto bird", StringComparison.Ordinal), "what the workload tells is not learned", renderer, rig);
            await Until(() => rig["h1"].Shell("ip -6 route").Contains("fd00:123::/64 via fd00:65::10 dev caliw0 proto bird", StringComparison.Ordinal), "what it tells of IPv6 is not learned", renderer, rig);
            await Until(() => InBird(rig, "show route").Contains("10.65.0.11/32", StringComparison.Ordinal), "what the host tells is not learned", renderer, rig);
            await rig.Settle();
            // Past the filter, and past what canal-felix does to others' routes on workload interfaces.
            Assert.Equal("", Routes.Of(rig["h1"], "10.99.0.0/16"));
            Assert.Contains("dev caliw0", Routes.Of(rig["h1"], "10.123.0.0/26"), StringComparison.Ordinal);
            Assert.Contains(" 0% packet loss", rig["h1"].Shell("ping -c 3 -i 0.2 -W 5 10.123.0.1"), StringComparison.Ordinal);
            Assert.Contains("inet 169.254.0.179/32 scope link caliw0", rig["h1"].Shell("ip addr show dev caliw0"), StringComparison.Ordinal);
            Assert.DoesNotContain("169.254.0.179", rig["h1"].Shell("ip addr show dev caliw1"), StringComparison.Ordinal);

            await rig.Put(rig.Endpoint("w0"));
            await Until(() => !renderer.Ask("--status").Contains(Session4, StringComparison.Ordinal), "the session does not end", renderer, rig);
            await Until(() => Routes.Of(rig["h1"], "10.123.0.0/26") == "", "the workload's route stays", renderer, rig);
            await Until(() => !InBird(rig, "show protocols").Contains("Established", StringComparison.Ordinal), "the workload is not told that the session ended", renderer, rig);
            await Until(() => !rig["h1"].Shell("ip addr show dev caliw0").Contains("169.254.0.179", StringComparison.Ordinal), "the host's address stays", renderer, rig);
            // With its last IPv4 address a link loses its IPv4 routes.
            await Until(() => Routes.Of(rig["h1"], "10.65.0.10").Contains("dev caliw0", StringComparison.Ordinal), "the route to the workload is gone", renderer, rig);

            await rig.Put(selected);
            await Until(() => Peers(renderer, Session4, "Established") && Peers(renderer, Session6, "Established"), "the sessions do not come back", renderer, rig);
        }
        finally
        {
            bird.Kill();
            await bird.WaitForExitAsync();
        }
    }

    /// <summary>A network behind the workload.</summary>
    private static void Inside(NetworkRig rig) => rig["w0"].Shell("ip addr add 10.123.0.1/32 dev lo");

    private static bool Peers(RendererProcess renderer, string session, string state) =>
        renderer.Ask("--status").Split('\n').Any(l => l.StartsWith($"session {session}: {state}", StringComparison.Ordinal));

    private static Task Until(Func<bool> condition, string failure, RendererProcess renderer, NetworkRig rig) =>
        Poll.Until(() => ValueTask.FromResult(condition()), Limit, () => $"{failure}\n{renderer.Log}\n{renderer.Ask("--status")}\n{InBird(rig, "show protocols all")}\n{rig.Agent().Story}");

    private static string SocketOf(NetworkRig rig) => Path.Combine(rig.Folder, "w0.ctl");

    private static string InBird(NetworkRig rig, string command) => rig["w0"].Shell($"birdc -r -s {SocketOf(rig)} {command} 2>&1 || true");

    private static string WriteBird(NetworkRig rig)
    {
        string file = Path.Combine(rig.Folder, "w0.conf");
        File.WriteAllText(file, """
            log stderr all;
            router id 10.65.0.10;
            protocol device {}
            protocol static { ipv4; route 10.123.0.0/26 blackhole; route 10.99.0.0/16 blackhole; }
            protocol static { ipv6; route fd00:123::/64 blackhole; }
            template bgp host { multihop; connect delay time 1; connect retry time 1; error wait time 1, 2; }
            protocol bgp host4 from host { local 10.65.0.10 as 65401; neighbor 169.254.0.179 as 64512; ipv4 { import all; export where source = RTS_STATIC; }; }
            protocol bgp host6 from host { local fd00:65::10 as 65401; neighbor fd12::179 as 64512; ipv6 { import all; export where source = RTS_STATIC; }; }

            """);
        return file;
    }

    private static JsonArray Rules(string accepted, string rejected) => new(
        new JsonObject { ["action"] = "Accept", ["matchOperator"] = "In", ["cidr"] = accepted },
        new JsonObject { ["action"] = "Reject", ["matchOperator"] = "In", ["cidr"] = rejected });
}
