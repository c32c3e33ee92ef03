using Canal.Core.Addressing;
using Canal.Core.Resources;

namespace Canal.Core.Tests.Resources;

public sealed class RuleReadingTests
{
    [Fact]
    public void A_rule_with_everything_reads_as_written()
    {
        Rule rule = Reading.Rule("""
            {"action":"Pass","ipVersion":6,"protocol":"icmpv6","icmp":{"type":128,"code":0},"notProtocol":"17","notICMP":{"type":3},
             "source":{"nets":["10.1.2.3/8","fd00::1"],"notNets":["10.9.0.0/16"],"selector":"a == 'b'","notSelector":"has(c)","namespaceSelector":"global()",
                       "serviceAccounts":{"names":["n"],"selector":"s"},"services":{"name":"svc","namespace":"prod"}},
             "destination":{"ports":[80,"443","8000:8100","https"],"notPorts":["1:1"]},
             "http":{"methods":["GET"],"paths":[{"exact":"/a"},{"prefix":"/b"}]},"metadata":{"annotations":{"why":"because"}},"later":{"release":[1]}}
            """);
        Rule expected = new()
        {
            Action = RuleAction.Pass,
            IpVersion = IpFamily.V6,
            Protocol = Protocol.IcmpV6,
            Icmp = new IcmpMatch(128, 0),
            NotProtocol = Protocol.FromNumber(17),
            NotIcmp = new IcmpMatch(3, null),
            Source = new EntityRule
            {
                Nets = [Cidr.Parse("10.0.0.0/8"), Cidr.Parse("fd00::1/128")],
                NotNets = [Cidr.Parse("10.9.0.0/16")],
                HasNets = true,
                HasNotNets = true,
                Selector = "a == 'b'",
                NotSelector = "has(c)",
                NamespaceSelector = "global()",
                ServiceAccounts = new ServiceAccountMatch { Names = ["n"], Selector = "s" },
                Services = new ServiceMatch("svc", "prod"),
            },
            Destination = new EntityRule
            {
                Ports = [new Port(80), new Port(443), new Port(new PortRange(8000, 8100)), Port.Named("https")],
                NotPorts = [new Port(1)],
            },
            Http = new HttpMatch { Methods = ["GET"], Paths = [new HttpPath("/a", null), new HttpPath(null, "/b")] },
            Annotations = LabelMap.Create(new KeyValuePair<string, string>("why", "because")),
        };
        Assert.Equal(expected, rule);
    }

    [Theory]
    [InlineData("""{"action":"Allow"}""")]
    [InlineData("""{"action":"Allow","source":{},"destination":{}}""")]
    [InlineData("""{"action":"Allow","source":null,"destination":null,"protocol":null,"icmp":null,"ipVersion":null,"http":null,"metadata":null}""")]
    public void Sides_may_be_missing_null_or_empty(string json) => Assert.Equal(new Rule { Action = RuleAction.Allow }, Reading.Rule(json));

    [Theory]
    [InlineData("tcp", 6)]
    [InlineData("UDP", 17)]
    [InlineData("IcmpV6", 58)]
    [InlineData("sctp", 132)]
    [InlineData("UDPLITE", 136)]
    [InlineData("47", 47)]
    public void Protocols_are_read_whatever_their_case(string text, int number) =>
        Assert.Equal((byte)number, Reading.Rule($$"""{"action":"Deny","protocol":"{{text}}"}""").Protocol!.Value.Number);

    [Theory]
    [InlineData("""{"action":"allow"}""", "spec.ingress[0].action: 'allow' is not an action (Allow, Deny, Log, Pass)")]
    [InlineData("""{"protocol":"TCP"}""", "spec.ingress[0]: has no action")]
    [InlineData("""{"action":7}""", "spec.ingress[0].action: is not a string")]
    [InlineData("null", "spec.ingress[0]: is not a rule")]
    [InlineData("[]", "spec.ingress[0]: is not an object")]
    [InlineData("""{"action":"Deny","protocol":"tpc"}""", "spec.ingress[0].protocol: 'tpc' is not a protocol")]
    [InlineData("""{"action":"Deny","protocol":256}""", "spec.ingress[0].protocol: '256' is not a protocol")]
    [InlineData("""{"action":"Deny","protocol":0}""", "spec.ingress[0].protocol: '0' is not a protocol")]
    [InlineData("""{"action":"Deny","notProtocol":"00"}""", "spec.ingress[0].notProtocol: '00' is not a protocol")]
    [InlineData("""{"action":"Deny","protocol":6.0}""", "spec.ingress[0].protocol: '6.0' is not a protocol")]
    [InlineData("""{"action":"Deny","ipVersion":5}""", "spec.ingress[0].ipVersion: is neither 4 nor 6")]
    [InlineData("""{"action":"Deny","icmp":{"type":256}}""", "spec.ingress[0].icmp.type: is not a whole number from 0 to 254")]
    [InlineData("""{"action":"Deny","icmp":{"type":255}}""", "spec.ingress[0].icmp.type: is not a whole number from 0 to 254")]
    [InlineData("""{"action":"Deny","notICMP":{"type":255}}""", "spec.ingress[0].notICMP.type: is not a whole number from 0 to 254")]
    [InlineData("""{"action":"Deny","source":{"selector":["a"]}}""", "spec.ingress[0].source.selector: is not a string")]
    [InlineData("""{"action":"Deny","destination":{"ports":[1,"abc!"]}}""", "spec.ingress[0].destination.ports[1]: 'abc!' is not a port")]
    [InlineData("""{"action":"Deny","destination":{"ports":[65536]}}""", "spec.ingress[0].destination.ports[0]: '65536' is not a port")]
    [InlineData("""{"action":"Deny","destination":{"ports":["9:8"]}}""", "spec.ingress[0].destination.ports[0]: '9:8' is not a port")]
    [InlineData("""{"action":"Deny","destination":{"notPorts":80}}""", "spec.ingress[0].destination.notPorts: is not a list")]
    [InlineData("""{"action":"Deny","source":{"nets":"10.0.0.0/8"}}""", "spec.ingress[0].source.nets: is not a list")]
    public void A_rule_that_is_not_understood_makes_the_policy_unusable(string json, string problem) => Assert.Equal(problem, Reading.BadRule(json));

    [Fact]
    public void Nets_that_cannot_be_read_are_left_out_but_the_list_is_remembered()
    {
        Decoded decoded = Reading.DecodeSpec(ResourceKind.GlobalNetworkPolicy, """{"egress":[{"action":"Allow"},{"action":"Allow","source":{"nets":["10.0.0.0/99",null,""]}}]}""");
        EntityRule source = Assert.IsType<GlobalNetworkPolicy>(decoded.Resource).Spec.Egress[1].Source;
        Assert.True(source.HasNets);
        Assert.True(source.Nets.IsEmpty);
        Assert.NotEqual(EntityRule.Empty, source);
        Assert.Equal("spec.egress[1].source.nets[0]: '10.0.0.0/99' is not a CIDR; it is left out", decoded.Problems[0].ToString());
        Assert.Equal(3, decoded.Problems.Count);
    }

    [Fact]
    public void An_empty_list_of_nets_is_no_list() => Assert.False(Reading.Rule("""{"action":"Allow","source":{"nets":[]}}""").Source.HasNets);

    [Fact]
    public void Foreign_text_in_a_problem_is_cut_and_cleaned()
    {
        string problem = Reading.BadRule($$"""{"action":"{{new string('x', 500)}}"}""");
        Assert.Contains("…", problem, StringComparison.Ordinal);
        Assert.True(problem.Length < 200);
        Assert.DoesNotContain('\u001b', Reading.BadRule("""{"action":"\u001b[31m"}"""));
    }
}
