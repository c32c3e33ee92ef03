using Canal.Core.Addressing;
using Canal.Core.Policy;
using Canal.Core.Resources;

namespace Canal.Core.Tests.Policy;

/// <summary>Which host endpoint governs which interface, and what is told of the others.</summary>
public sealed class HostEndpointResolutionTests
{
    private static readonly HostInterface Lo = Interface("lo", "127.0.0.1,::1");
    private static readonly HostInterface Eth0 = Interface("eth0", "10.100.0.1,fd00:100::1");
    private static readonly HostInterface Eth1 = Interface("eth1", "10.200.0.1");

    [Fact]
    public void An_endpoint_governs_the_interface_it_names_whatever_its_addresses() =>
        Check([Endpoint("b", "eth0", "10.200.0.1")], "eth0: b", "b up");

    [Fact]
    public void Without_a_name_the_interfaces_with_its_addresses() =>
        Check([Endpoint("b", "", "10.100.0.1,10.200.0.1")], "eth0: b, eth1: b", "b up");

    [Fact]
    public void An_IPv6_address_is_as_good() => Check([Endpoint("b", "", "fd00:100::1")], "eth0: b", "b up");

    [Fact]
    public void Of_several_the_lowest_name_in_byte_order_governs() =>
        Check([Endpoint("b", "eth0"), Endpoint("a", "", "10.100.0.1"), Endpoint("B", "", "10.200.0.1")], "eth0: a, eth1: B", "B up; a up; b error: host endpoint a governs its interface");

    [Fact]
    public void What_governs_one_of_its_interfaces_is_up() =>
        Check([Endpoint("a", "eth0"), Endpoint("b", "", "10.100.0.1,10.200.0.1")], "eth0: a, eth1: b", "a up; b up");

    [Fact]
    public void One_that_matches_nothing_is_in_error() =>
        Check([Endpoint("a", "eth9"), Endpoint("b", "", "192.0.2.1")], "", "a error: there is no interface eth9; b error: no interface has one of its expectedIPs");

    [Fact]
    public void An_interface_that_is_down_is_governed_and_told() =>
        Check([Endpoint("a", "", "10.100.0.1,10.200.0.1")], "eth0: a, eth1: a", "a down: interface eth1 is down", Eth0, Eth1 with { IsUp = false });

    [Fact]
    public void Loopback_is_governed_only_by_name()
    {
        Check([Endpoint("a", "", "127.0.0.1")], "", "a error: no interface has one of its expectedIPs");
        Check([Endpoint("a", "lo")], "lo: a", "a up");
        HostEndpointResolution resolution = new([Lo, Eth0], [Endpoint("all", "*")]);
        Assert.Null(resolution.Governing("lo"));
        Assert.Equal("all", resolution.Governing("eth0")!.Key.Name);
        Assert.Equal("all", resolution.Governing("later")!.Key.Name);
    }

    [Fact]
    public void The_one_of_all_interfaces_yields_to_any_other_and_only_the_lowest_counts()
    {
        HostEndpointResolution resolution = Check([Endpoint("z", "eth0"), Endpoint("b", "*"), Endpoint("a", "*")], "eth0: z", "a up; b error: host endpoint a is the one of all interfaces; z up");
        Assert.Equal("a", resolution.AllInterfaces!.Key.Name);
        Assert.Equal("z", resolution.Governing("eth0")!.Key.Name);
    }

    [Fact]
    public void The_order_of_what_is_given_does_not_matter()
    {
        HostEndpointPolicy[] endpoints = [Endpoint("c", "", "10.100.0.1,10.200.0.1"), Endpoint("a", "eth1"), Endpoint("b", "*"), Endpoint("d", "eth0")];
        HostEndpointResolution one = new([Lo, Eth0, Eth1], endpoints), other = new([Eth1, Eth0, Lo], endpoints.Reverse());
        Assert.Equal(Governed(one), Governed(other));
        Assert.Equal(Told(one), Told(other));
    }

    [Fact]
    public void An_interface_that_is_not_there_is_governed_by_its_name_where_it_may_come()
    {
        HostEndpointPolicy[] endpoints = [Endpoint("b", "eth9"), Endpoint("a", "eth9"), Endpoint("c", "cali9"), Endpoint("d", "eth0"), Endpoint("e", "*"), Endpoint("f", "", "192.0.2.1"), Endpoint("g", "eth0")];
        HostEndpointResolution resolution = new([Eth0], endpoints, name => !name.StartsWith("cali", StringComparison.Ordinal));
        Assert.Equal("eth0: d, eth9: a", Governed(resolution));
        Assert.Equal((HostEndpointState.Error, "there is no interface eth9"), resolution.States["a"]);
        Assert.Equal((HostEndpointState.Error, "cali9 is a workload's interface by its name, or no name of an interface"), resolution.States["c"]);
        Assert.True(resolution.GovernsAs(new HostEndpointResolution([Eth0, Interface("eth9", "")], endpoints, _ => false)));
    }

    private static HostEndpointResolution Check(HostEndpointPolicy[] endpoints, string governed, string told, params HostInterface[] interfaces)
    {
        HostEndpointResolution resolution = new(interfaces.Length > 0 ? interfaces : [Lo, Eth0, Eth1], endpoints);
        Assert.Equal(governed, Governed(resolution));
        Assert.Equal(told, Told(resolution));
        return resolution;
    }

    private static string Governed(HostEndpointResolution resolution) =>
        string.Join(", ", resolution.ByInterface.OrderBy(e => e.Key, StringComparer.Ordinal).Select(e => $"{e.Key}: {e.Value.Key.Name}"));

    private static string Told(HostEndpointResolution resolution) => string.Join("; ", resolution.States.OrderBy(s => s.Key, StringComparer.Ordinal)
        .Select(s => $"{s.Key} {s.Value.State.ToString().ToLowerInvariant()}{(s.Value.Reason.Length > 0 ? $": {s.Value.Reason}" : "")}"));

    private static HostEndpointPolicy Endpoint(string name, string interfaceName, string expectedIps = "") => new(new ResourceKey(ResourceKind.HostEndpoint, null, name))
    {
        InterfaceName = interfaceName,
        ExpectedIps = Addresses(expectedIps),
    };

    private static HostInterface Interface(string name, string addresses) => new(name, true, Addresses(addresses));

    private static EquatableArray<IpAddress> Addresses(string text) => text.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(a => IpAddress.Parse(a)).ToEquatableArray();
}
