using Canal.Core.Policy;
using Canal.Core.Resources;
using Canal.Felix.Configuration;
using Canal.Testing;
using static Canal.Testing.ResourceBuilder;

namespace Canal.Kernel.Tests.Policy;

/// <summary>Negated names of ports in rules without a protocol: packets of protocols without ports are sent to none of these.</summary>
public sealed class NamedPortTests
{
    private static readonly Packet[] WithoutPorts =
        [Icmp("10.0.0.2", "10.0.0.1", 8), Icmp("fd00::2", "fd00::1", 128), OfProtocol(50, "10.0.0.2", "10.0.0.1"), OfProtocol(253, "10.0.0.2", "10.0.0.1"), OfProtocol(253, "fd00::2", "fd00::1")];

    private static readonly Packet[] ToName = [Tcp("10.0.0.2", "10.0.0.1", 80), Tcp("fd00::2", "fd00::1", 80)];

    private static readonly Packet[] ToOthers = [Tcp("10.0.0.2", "10.0.0.1", 81), Udp("10.0.0.2", "10.0.0.1", 80), Udp("fd00::2", "fd00::1", 81)];

    public static TheoryData<PacketFilter> Filters => [.. Enum.GetValues<PacketFilter>()];

    [Theory]
    [MemberData(nameof(Filters))]
    public void What_has_no_port_is_denied_with_what_goes_to_others(PacketFilter filter) =>
        Check(filter, [Deny(to: Entity(notPorts: "http")), Allow()], passing: ToName, denied: [.. WithoutPorts, .. ToOthers]);

    [Theory]
    [MemberData(nameof(Filters))]
    public void What_has_no_port_is_allowed_with_what_goes_to_others(PacketFilter filter) =>
        Check(filter, [Allow(to: Entity(notPorts: "http"))], passing: [.. WithoutPorts, .. ToOthers], denied: ToName);

    [Theory]
    [MemberData(nameof(Filters))]
    public void The_sender_has_no_port_either(PacketFilter filter) =>
        Check(filter, [Deny(Entity(notPorts: "http"), Entity(notPorts: "http")), Allow()], passing: ToName, denied: [.. WithoutPorts, .. ToOthers]);

    [Theory]
    [MemberData(nameof(Filters))]
    public void A_negated_number_beside_the_name_asks_for_a_port(PacketFilter filter) =>
        Check(filter, [Deny(to: Entity(notPorts: "http,82")), Allow()], passing: [.. WithoutPorts, .. ToName], denied: ToOthers);

    private static void Check(PacketFilter filter, Rule[] rules, Packet[] passing, Packet[] denied) => PolicyHost.Run(["caliw0", "caliw1"], host =>
    {
        Resource[] cluster =
        [
            Open(),
            Workload("w0", "10.0.0.1, fd00::1", profiles: "open", ports: "http=80/tcp").But(spec => spec with { Mac = host.Ports["caliw0"].OutsideMac }),
            Workload("w1", "10.0.0.2, fd00::2", profiles: "open").But(spec => spec with { Mac = host.Ports["caliw1"].OutsideMac }),
            GlobalPolicy("named", "all()", rules),
        ];
        host.Apply(cluster.Select(r => (r.Key, (Resource?)r)), new FelixParameters());
        Packet[] sent = [.. passing, .. denied];
        int[] arrived = [.. NetworkTests.Deliver(host, "caliw1", sent).Where(s => s.Link == host.Ports["caliw0"].OutsideLink).Select(s => Frame.NumberIn(s.Frame)).Order()];
        Assert.Equal(passing, arrived.Select(number => sent[number]));
    }, filter);
}
