using Canal.Core.Addressing;
using Canal.Core.IpSets;
using Canal.Core.Labels;
using Canal.Core.Policy;
using Canal.Core.Resources;

namespace Canal.Core.Tests.Policy;

/// <summary>How many rules of a packet filter one rule becomes: as few as may be.</summary>
public sealed class RuleExpansionTests
{
    private static readonly IpSetSpec Set = IpSetSpec.Addresses(Selector.All);
    private static readonly CompiledRule Plain = new(0, RuleAction.Allow);

    [Fact]
    public void A_rule_without_criteria_is_one_for_both_families()
    {
        RuleVariant only = Assert.Single(RuleExpansion.Expand(Plain));
        Assert.Equal(new RuleVariant(), only);
    }

    [Fact]
    public void A_rule_of_protocol_and_ports_is_one_for_both_families()
    {
        CompiledRule rule = Plain with { Protocol = IpProtocol.Tcp, Destination = new EntityMatch { Ports = [new(80, 80), new(90, 99)], NotPorts = [new(95, 95)] } };
        RuleVariant only = Assert.Single(RuleExpansion.Expand(rule));
        Assert.Null(only.Family);
        Assert.Equal(rule.Destination.Ports, only.Destination.Ports);
    }

    [Fact]
    public void Ports_without_a_protocol_are_those_of_every_protocol_that_has_them() =>
        Assert.Equal([6, 17, 132, 136], RuleExpansion.Expand(Plain with { Source = new EntityMatch { Ports = [new(80, 80)] } }).Select(v => (int)v.Protocol!));

    [Theory]
    [InlineData(null, null, 2)]
    [InlineData(IpProtocol.Tcp, IpProtocol.Tcp, 2)]
    [InlineData(IpProtocol.Icmp, IpProtocol.Icmp, 0)]
    [InlineData((byte)253, (byte)253, 0)]
    public void Negated_names_of_ports_leave_the_protocols_as_they_are(byte? asked, byte? protocol, int names)
    {
        SetMatch http = new(IpSetSpec.NamedPort(Selector.All, "http", null), SetShape.V4Addresses), dns = new(IpSetSpec.NamedPort(Selector.All, "dns", null), SetShape.V4Addresses);
        List<RuleVariant> variants = RuleExpansion.Expand(Plain with { Protocol = asked, Source = new EntityMatch { NotNamedPorts = [http] }, Destination = new EntityMatch { NotNamedPorts = [dns] } });
        Assert.Equal([(IpFamily.V4, protocol, names), (IpFamily.V6, protocol, 0)],
            variants.Select(v => (v.Family!.Value, v.Protocol, v.Source.NotNamedPorts.Count + v.Destination.NotNamedPorts.Count)));
    }

    [Fact]
    public void A_negated_number_beside_them_asks_for_a_port()
    {
        SetMatch http = new(IpSetSpec.NamedPort(Selector.All, "http", null), SetShape.V4Addresses);
        List<RuleVariant> variants = RuleExpansion.Expand(Plain with { Family = IpFamily.V4, Destination = new EntityMatch { NotNamedPorts = [http], NotPorts = [new(80, 80)] } });
        Assert.Equal([6, 17, 132, 136], variants.Select(v => (int)v.Protocol!));
    }

    [Fact]
    public void An_ICMP_match_stands_beside_negated_names_of_ports()
    {
        SetMatch http = new(IpSetSpec.NamedPort(Selector.All, "http", null), SetShape.V4Addresses);
        RuleVariant variant = Assert.Single(RuleExpansion.Expand(Plain with { Family = IpFamily.V4, Icmp = new IcmpMatch(8, null), Destination = new EntityMatch { NotNamedPorts = [http] } }));
        Assert.Equal((IpProtocol.Icmp, SideVariant.Any), (variant.Protocol, variant.Destination));
    }

    [Fact]
    public void Networks_of_both_families_make_two()
    {
        List<RuleVariant> variants = RuleExpansion.Expand(Plain with { Source = new EntityMatch { Nets = [Cidr.Parse("10.0.0.0/8"), Cidr.Parse("fd00::/8"), Cidr.Parse("192.0.2.0/24")] } });
        Assert.Equal([(IpFamily.V4, 2), (IpFamily.V6, 1)], variants.Select(v => (v.Family!.Value, v.Source.Nets.Count)));
    }

    [Fact]
    public void Networks_of_different_families_on_the_two_sides_make_none() =>
        Assert.Empty(RuleExpansion.Expand(Plain with
        {
            Source = new EntityMatch { Nets = [Cidr.Parse("10.0.0.0/8")] },
            Destination = new EntityMatch { Nets = [Cidr.Parse("fd00::/8")] },
        }));

    [Theory]
    [InlineData(SetShape.None, 0)]
    [InlineData(SetShape.V4Addresses, 1)]
    [InlineData(SetShape.V4Addresses | SetShape.V4Prefixes, 2)]
    [InlineData(SetShape.V4Addresses | SetShape.V6Addresses | SetShape.V4Prefixes | SetShape.V6Prefixes, 4)]
    public void A_set_makes_one_for_each_part_it_has(SetShape shape, int count) =>
        Assert.Equal(count, RuleExpansion.Expand(Plain with { Source = new EntityMatch { Set = new SetMatch(Set, shape) } }).Count);

    [Fact]
    public void A_negated_set_makes_one_for_each_family_with_all_its_parts()
    {
        List<RuleVariant> variants = RuleExpansion.Expand(Plain with { Source = new EntityMatch { NotSet = new SetMatch(Set, SetShape.V4Addresses | SetShape.V4Prefixes) } });
        Assert.Equal([(IpFamily.V4, 2), (IpFamily.V6, 0)], variants.Select(v => (v.Family!.Value, v.Source.NotIn.Count)));
    }

    [Fact]
    public void Numbers_and_names_of_ports_are_alternatives()
    {
        SetMatch http = new(IpSetSpec.NamedPort(Selector.All, "http", 6), SetShape.V4Addresses), dns = new(IpSetSpec.NamedPort(Selector.All, "dns", 6), SetShape.V4Addresses);
        List<RuleVariant> variants = RuleExpansion.Expand(Plain with { Protocol = 6, Destination = new EntityMatch { Ports = [new(80, 80)], NamedPorts = [http, dns] } });
        Assert.Equal([null, "http", "dns"], variants.Where(v => v.Family == IpFamily.V4).Select(v => v.Destination.NamedPort?.Set.PortName));
        Assert.Equal([null], variants.Where(v => v.Family == IpFamily.V6).Select(v => v.Destination.NamedPort?.Set.PortName));
    }

    [Fact]
    public void Contradictions_make_none()
    {
        IcmpMatch echo = new(8, null);
        EntityMatch ports = new() { Ports = [new(80, 80)] };
        Assert.All(
            [
                Plain with { Protocol = 6, NotProtocol = 6 },
                Plain with { Protocol = IpProtocol.Icmp, Destination = ports },
                Plain with { Protocol = IpProtocol.Tcp, Icmp = echo },
                Plain with { Protocol = IpProtocol.Icmp, Icmp = echo, Family = IpFamily.V6 },
                Plain with { Icmp = echo, Destination = ports },
                Plain with { NotIcmp = echo, Source = new EntityMatch { NotPorts = [new(80, 80)] } },
                Plain with { Source = new EntityMatch { Nets = default(EquatableArray<Cidr>) } },
                Plain with { Source = new EntityMatch { NotNets = [Cidr.Parse("0.0.0.0/0")] } },
                Plain with { Family = IpFamily.V6, Source = new EntityMatch { NotNets = [Cidr.Parse("10.0.0.0/8")] } },
            ],
            rule => Assert.Empty(RuleExpansion.Expand(rule)));
    }
}
