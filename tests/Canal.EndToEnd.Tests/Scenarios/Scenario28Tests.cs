using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Canal.Testing.Rig;

namespace Canal.EndToEnd.Tests.Scenarios;

public sealed partial class Scenario28Tests
{
    [Fact]
    public async Task The_order_of_endpoint_and_interface_does_not_matter()
    {
        await using NetworkRig rig = await NetworkRig.OneHost(1);
        await rig.Put(NetworkRig.Configuration.Spec("endpointReportingEnabled", true));
        await rig.StartAgents();
        await rig.Put(Calico.WorkloadEndpoint("default", "h1", "w3", "caliw3", "02:65:00:00:01:03", "10.65.0.13/32", "fd00:65::13/128"));
        await rig.Settle();
        rig.AddWorkload(1, 3);
        rig.AddWorkload(1, 4);
        await rig.Put(rig.Endpoint("w4"));
        await rig.Round("w0↔w3 ✓", "w3↔w4 ✓", "v6 w3↔w4 ✓", "x→w4 ✓");
        foreach (int i in new[] { 3, 4 })
            await AssertPlumbed(rig, i);
    }

    [Fact]
    public async Task An_interface_that_goes_down_takes_its_route_and_status_with_it()
    {
        await using NetworkRig rig = await NetworkRig.OneHost(2);
        await rig.Put(NetworkRig.Configuration.Spec("endpointReportingEnabled", true));
        await rig.StartAgents();
        await rig.Round("w0↔w1 ✓");
        rig["h1"].Shell("ip link set caliw0 down");
        await Poll.Until(() => Routes.Of(rig["h1"], "10.65.0.10") == "", "the route of w0 stays although caliw0 is down");
        await StatusIs(rig, "w0", "down");
        await Poll.Until(() => !File.Exists(StatusFile(rig, "w0")), "the status file of w0 stays although caliw0 is down");

        rig["h1"].Shell("ip link set caliw0 up");
        await rig.Round("w0↔w1 ✓", "x→w0 ✓");
        await StatusIs(rig, "w0", "up");
        await Poll.Until(() => File.Exists(StatusFile(rig, "w0")), "the status file of w0 does not come back");
    }

    [Fact]
    public async Task Two_hundred_flaps_end_in_the_right_state()
    {
        await using NetworkRig rig = await NetworkRig.OneHost(2);
        await rig.StartAgents();
        await rig.Round("w0↔w1 ✓");
        rig["h1"].Shell("for i in $(seq 200); do ip link set caliw0 down; sleep 0.01; ip link set caliw0 up; [ $((i % 10)) = 0 ] && sleep 0.1 || sleep 0.01; done");
        await rig.Round("w0↔w1 ✓", "x→w0 ✓", "v6 w0↔w1 ✓");
        Assert.DoesNotContain(rig.Agent().Log, line => ErrorLine().IsMatch(line));
        rig["h1"].Shell("ip link set caliw0 down");
        await Poll.Until(() => Routes.Of(rig["h1"], "10.65.0.10") == "", "the route of w0 stays although caliw0 is down");
    }

    [Fact]
    public async Task Of_two_endpoints_with_one_address_the_highest_interface_index_holds_the_route()
    {
        await using NetworkRig rig = await NetworkRig.OneHost(2);
        await rig.StartAgents();
        JsonArray Shared(int own) => new($"10.65.0.{own}/32", "10.65.0.50/32");
        Resource second = rig.Endpoint("w1").Spec("ipNetworks", Shared(11));
        await rig.Put(second, rig.Endpoint("w0").Spec("ipNetworks", Shared(10)));
        await Poll.Until(() => Routes.Of(rig["h1"], "10.65.0.50").Contains("dev caliw1", StringComparison.Ordinal), "caliw1, the younger interface, does not hold 10.65.0.50");
        await rig.Settle();
        Assert.Contains("dev caliw1", Routes.Of(rig["h1"], "10.65.0.50"), StringComparison.Ordinal);

        await rig.Delete(second);
        await Poll.Until(() => Routes.Of(rig["h1"], "10.65.0.50").Contains("dev caliw0", StringComparison.Ordinal), "caliw0 does not take 10.65.0.50 over");
    }

    [Fact]
    public async Task Of_two_endpoints_on_one_interface_the_lowest_name_rules()
    {
        await using NetworkRig rig = await NetworkRig.OneHost(2);
        await rig.StartAgents();
        Resource On(string container) => Calico.WorkloadEndpoint("default", "h1", container, "caliw0", "02:65:00:00:01:00", "10.65.0.10/32").Profiles("closed");
        await rig.Put(On("z0"));
        await rig.Round("w1→w0 ✓", "w0→w1 ✓");

        await rig.Put(On("a0"));
        await rig.Round("w1→w0 ✗", "w0→w1 ✗", "x→w1 ✓");

        await rig.Delete(On("a0"));
        await rig.Round("w1→w0 ✓", "w0→w1 ✓");
    }

    [Fact]
    public async Task A_deleted_endpoint_leaves_nothing_behind_within_two_seconds()
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        await rig.StartAgents();
        await rig.Put(Calico.GlobalNetworkPolicy("set").Selecting("name == 'w1'").In(Rule.Allow.Src("name in {'w0', 'w2'}")));
        await Best.Within(TimeSpan.FromSeconds(2), "removing an endpoint", async () =>
        {
            await rig.Put(rig.Endpoint("w0"));
            await rig.Round("w0→w1 ✓", "x→w1 ✗");
            await Poll.Until(() => File.Exists(StatusFile(rig, "w0")), "no status file of w0");
            long start = Stopwatch.GetTimestamp();
            await rig.Delete(rig.Endpoint("w0"));
            await NothingIsLeftOfW0(rig);
            return Stopwatch.GetElapsedTime(start);
        });
        await rig.Round("w2→w1 ✓", "w1→w2 ✓");
    }

    [Fact]
    public async Task Traffic_of_an_unknown_workload_interface_is_dropped_both_ways()
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        await rig.Delete(rig.Endpoint("w0"));
        rig.PlumbByHand();
        // A routing table of its own: what an agent does to the main table's routes must not be what stops the traffic.
        rig["h1"].Shell("ip route add 10.65.0.10 dev caliw0 table 999; ip rule add to 10.65.0.10 lookup 999 priority 50");
        rig["w0"].Shell("ip neigh replace 169.254.1.1 lladdr ee:ee:ee:ee:ee:ee nud permanent dev eth0");
        await rig.UnsettledRound("w0↔w1 ✓", "x→w0 ✓", "w0→h1 ✓", "w1↔w2 ✓");
        await rig.StartAgents();
        await rig.Round("w0↔w1 ✗", "x→w0 ✗", "w0→x ✗", "w0→h1 ✗", "udp w1→w0 ✗", "w1↔w2 ✓");
    }

    private static async Task NothingIsLeftOfW0(NetworkRig rig)
    {
        RigNode host = rig["h1"];
        await Poll.Until(() => Routes.Of(host, "10.65.0.10") == "" && Routes.Of(host, "fd00:65::10") == "" && !File.Exists(StatusFile(rig, "w0")), "route or status file of w0 stay");
        await Poll.Until(() => !host.Shell("nft list table inet canal").Contains("caliw0", StringComparison.Ordinal), "the ruleset still names caliw0");
        Assert.DoesNotContain("10.65.0.10", host.Shell("nft list table inet canal"), StringComparison.Ordinal);
    }

    private static async Task AssertPlumbed(NetworkRig rig, int i)
    {
        RigNode host = rig["h1"];
        foreach (string address in new[] { $"10.65.0.1{i}", $"fd00:65::1{i}" })
        {
            string route = Routes.Of(host, address);
            Assert.Contains($"dev caliw{i}", route, StringComparison.Ordinal);
            Assert.Contains("proto 80", route, StringComparison.Ordinal);
            string neighbour = Routes.Neighbour(host, address, $"caliw{i}");
            Assert.Contains($"02:65:00:00:01:0{i}", neighbour, StringComparison.Ordinal);
            Assert.Contains("PERMANENT", neighbour, StringComparison.Ordinal);
        }
        Assert.Contains("scope link", Routes.Of(host, $"10.65.0.1{i}"), StringComparison.Ordinal);
        Assert.Equal("1", host.Netns.ReadSysctl($"net/ipv4/conf/caliw{i}/proxy_arp"));
        Assert.Equal("1", host.Netns.ReadSysctl($"net/ipv4/conf/caliw{i}/forwarding"));
        Assert.Equal("1", host.Netns.ReadSysctl($"net/ipv4/conf/caliw{i}/route_localnet"));
        Assert.Equal("0", host.Netns.ReadSysctl($"net/ipv4/neigh/caliw{i}/proxy_delay"));
        await StatusIs(rig, "w" + i, "up");
        await Poll.Until(() => File.Exists(StatusFile(rig, "w" + i)), $"no status file of w{i}");
        JsonNode status = JsonNode.Parse(await File.ReadAllTextAsync(StatusFile(rig, "w" + i)))!;
        Assert.Equal($"caliw{i}", status["ifaceName"]!.GetValue<string>());
        Assert.Equal($"10.65.0.1{i}/32", status["ipv4Nets"]![0]!.GetValue<string>());
    }

    // EndpointReportingDelay holds status writes back for about a second.
    private static Task StatusIs(NetworkRig rig, string workload, string expected) =>
        Poll.Until(async () => await rig.Etcd.Get(StatusKey(workload)) is { } json && JsonNode.Parse(json)!["status"]!.GetValue<string>() == expected,
            TimeSpan.FromSeconds(30), () => $"etcd does not report {workload} as {expected}");

    private static string StatusKey(string workload) => $"/calico/felix/v2/no-region/host/h1/workload/cni/default%2f{workload}/endpoint/eth0";

    private static string StatusFile(NetworkRig rig, string workload) => Path.Combine(rig.Agent().StatusFolder, $"cni default%2F{workload} eth0");

    [GeneratedRegex(@"\b(ERR|ERROR|FTL|FATAL|Error|Fatal)\b")]
    private static partial Regex ErrorLine();
}
