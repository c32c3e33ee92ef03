using System.Text.Json.Nodes;
using Canal.Testing.Rig;

namespace Canal.EndToEnd.Tests.Scenarios;

public sealed class Scenario27Tests
{
    [Fact]
    public async Task Host_endpoints_find_their_interfaces_and_tell_how_they_are()
    {
        await using NetworkRig rig = await NetworkRig.OneHost(1);
        await rig.Put(NetworkRig.Configuration.Spec("endpointReportingEnabled", true));
        RigNode h1 = rig["h1"];
        // A second interface; this kernel may lack dummy, so a veth with both ends here, of which the other is of no concern.
        h1.Shell("ip link add eth1 type veth peer name eth1-far; ip addr add 10.200.0.1/24 dev eth1; ip link set eth1 up; ip link set eth1-far up");
        await rig.StartAgents();
        await rig.Put(Calico.HostEndpoint("b", "h1", "", "10.100.0.1"));
        await StatusIs(rig, "b", "up");
        await rig.Round("x→h1 ✗", "v6 x→h1 ✗", "x→w0 ✓");

        await rig.Put(Calico.HostEndpoint("a", "h1", "", "10.100.0.1").Profiles("open"));
        await StatusIs(rig, "a", "up");
        await StatusIs(rig, "b", "error");
        await rig.Round("x→h1 ✓");
        await rig.Delete(Calico.HostEndpoint("a", "h1", "", "10.100.0.1"));
        await StatusIs(rig, "a", null);
        await StatusIs(rig, "b", "up");

        await rig.Put(Calico.HostEndpoint("c", "h1", "eth9"));
        await StatusIs(rig, "c", "error");
        h1.Shell("ip link add eth9 type veth peer name eth9-far; ip link set eth9 up; ip link set eth9-far up");
        await StatusIs(rig, "c", "up");
        h1.Shell("ip link set eth9 down");
        await StatusIs(rig, "c", "down");
        h1.Shell("ip link del eth9");
        await StatusIs(rig, "c", "error");

        // By name, whatever the addresses; by addresses, several at once; an address that comes later.
        await rig.Put(Calico.HostEndpoint("b", "h1", "eth0", "10.200.0.1"));
        await Governs(rig, "b up (eth0)");
        await rig.Put(Calico.HostEndpoint("b", "h1", "", "10.100.0.1", "10.200.0.1"));
        await Governs(rig, "b up (eth0 eth1)");
        await rig.Put(Calico.HostEndpoint("b", "h1", "", "10.200.0.77"));
        await StatusIs(rig, "b", "error");
        await rig.Round("x→h1 ✓");
        h1.Shell("ip addr add 10.200.0.77/24 dev eth1");
        await Governs(rig, "b up (eth1)");
        h1.Shell("ip addr del 10.200.0.77/24 dev eth1");
        await StatusIs(rig, "b", "error");
        h1.Shell("ip -6 addr add fd00:200::77/64 dev eth1 nodad");
        await rig.Put(Calico.HostEndpoint("b", "h1", "", "fd00:200::77"));
        await Governs(rig, "b up (eth1)");
    }

    [Fact]
    public async Task A_host_endpoint_of_a_removed_resource_leaves_no_status_behind_a_restart()
    {
        await using NetworkRig rig = await NetworkRig.OneHost(1);
        await rig.Put(NetworkRig.Configuration.Spec("endpointReportingEnabled", true));
        Resource endpoint = Calico.HostEndpoint("gone", "h1", "eth0").Profiles("open");
        await rig.Put(endpoint);
        await rig.StartAgents();
        await StatusIs(rig, "gone", "up");
        rig.Agent().Kill();
        await rig.Delete(endpoint);
        rig.Agent().Start();
        await StatusIs(rig, "gone", null);
    }

    private static Task StatusIs(NetworkRig rig, string name, string? expected)
    {
        string? last = null;
        return Poll.Until(async () =>
        {
            string? json = await rig.Etcd.Get($"/calico/felix/v1/host/h1/endpoint/{name}");
            last = json is null ? null : JsonNode.Parse(json)!["status"]!.GetValue<string>();
            return last == expected;
        }, TimeSpan.FromSeconds(30), () => $"etcd reports host endpoint {name} as {last ?? "absent"}, not as {expected ?? "absent"}; {rig.Agent().Story}");
    }

    private static Task Governs(NetworkRig rig, string expected) =>
        Poll.Until(() => rig.Agent().Ask("status").Contains(expected, StringComparison.Ordinal), $"the agent does not say '{expected}' of its host endpoints");
}
