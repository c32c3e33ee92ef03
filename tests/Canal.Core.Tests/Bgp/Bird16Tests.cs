using Canal.Core.Addressing;
using Canal.Core.Bgp;
using Canal.Core.Calculation;
using Canal.Core.Resources;

namespace Canal.Core.Tests.Bgp;

/// <summary>What is written for the two processes of BIRD 1.6, and what they cannot do.</summary>
public sealed class Bird16Tests
{
    /// <summary>Of everything something: a mesh in both families, a peer with a password and a filter, pools with and without encapsulation, addresses to listen on.</summary>
    private static readonly BgpInputs Inputs = new()
    {
        NodeName = "a",
        Nodes = BgpSamples.Named(BgpSamples.Node("a", "10.0.0.1/24", "fd00::1/64"), BgpSamples.Node("b", "10.0.0.2/24", "fd00::2/64")),
        Configurations = BgpSamples.Named(BgpSamples.Decode<BgpConfiguration>("default", """{"bindMode":"NodeIP","listenPort":1790,"prefixAdvertisements":[{"cidr":"192.168.0.0/16","communities":["64512:7"]}]}""")),
        Peers = BgpSamples.Named(BgpSamples.Decode<BgpPeer>("tor", """{"peerIP":"10.0.0.9","asNumber":65000,"keepOriginalNextHop":true,"filters":["f"],"password":{"secretKeyRef":{"name":"tor","key":"k"}}}""")),
        Filters = BgpSamples.Named(BgpSamples.Decode<BgpFilter>("f", """{"importV4":[{"action":"Reject","cidr":"10.99.0.0/16","matchOperator":"In"}],"exportV4":[{"action":"Accept","operations":[{"addCommunity":{"value":"1:2:3"}},{"prependASPath":{"prefix":[64512]}}]}]}""")),
        Pools = BgpSamples.Named(BgpSamples.Decode<IpPool>("plain", """{"cidr":"192.168.0.0/16"}"""), BgpSamples.Decode<IpPool>("six", """{"cidr":"fd00:192::/32"}"""), BgpSamples.Decode<IpPool>("vxlan", """{"cidr":"10.64.0.0/16","vxlanMode":"Always"}""")),
        Affinities = new Dictionary<Cidr, AffinityState> { [Cidr.Parse("192.168.1.0/26")] = AffinityState.Confirmed, [Cidr.Parse("fd00:192:1::/122")] = AffinityState.Confirmed },
        Passwords = new Dictionary<SecretKeyRef, BgpPassword> { [new("tor", "k")] = new("first # password") },
    };

    private static readonly string WholeV4 = """
        # Written by canal-bird-config-renderer on "a"; changes made here are lost.
        # Your own configuration belongs in /etc/canal/bird.d: see canal-bird-config-renderer(8).
        log syslog all;
        router id 10.0.0.1;
        timeformat protocol iso long;
        watchdog warning 5 s;
        graceful restart wait 30;
        debug protocols { states };
        listen bgp address 10.0.0.1 port 1790;

        protocol device { scan time 10; }
        protocol direct { interface -"cali*", -"kube-ipvs*", "*"; }

        function 'import4.f'(bool same_as) {
          if net ~ 10.99.0.0/16 then reject;
        }

        function 'export4.f'(bool same_as) {
          if true then {
            bgp_large_community.add((1, 2, 3));
            bgp_path.prepend(64512);
            accept;
          }
        }

        function priority4() {
          if source = RTS_BGP && defined(bgp_local_pref) then krt_metric = 2147483647 - bgp_local_pref;
          else {
            if !defined(krt_metric) || krt_metric = 0 then krt_metric = 1024;
            bgp_local_pref = 2147483647 - krt_metric;
          }
        }

        function hook_import4(bool same_as) {
        }
        function import4() {
          if defined(bgp_local_pref) && bgp_local_pref > 2147482623 then preference = 200;
          accept;
        }

        function hook_export4(bool same_as) {
        }
        function export4(bool same_as) {
          if same_as && (ifname ~ "*.cali" || ifname ~ "*.calico" || ifname = "tunl0") then reject;
          if same_as && defined(krt_source) && krt_source = 80 && gw != 0.0.0.0 then reject;
          if ifname ~ "bpf*.cali" then reject;
          if net ~ 192.168.0.0/16 then {
            bgp_community.add((64512, 7));
          }
          if net ~ [ 192.168.1.0/26 ] then accept;
          if net ~ [ 192.168.1.0/26+ ] then {
            if krt_metric < 1024 then accept;
            reject;
          }
          if net ~ [ 10.64.0.0/16+, 192.168.0.0/16+ ] then accept;
          reject;
        }

        filter kernel_filter4 {
          if source = RTS_DEVICE then reject;
          if source = RTS_BGP && !defined(krt_metric) then {
            krt_metric = 1024;
            if defined(bgp_local_pref) then krt_metric = 2147483647 - bgp_local_pref;
            if krt_metric < 1024 then preference = 200;
          }
          if net ~ 10.64.0.0/16 then reject;
          if net ~ 192.168.0.0/16 then accept;
          accept;
        }

        protocol static static4 {
          route 192.168.1.0/26 blackhole;
        }

        protocol kernel kernel4 {
          learn;
          persist;
          scan time 10;
          graceful restart;
          merge paths on;
          import all;
          export filter kernel_filter4;
        }

        filter session_import4_external_252f10c83610ebca {
          hook_import4(false);
          'import4.f'(false);
          import4();
        }

        filter session_export4_external_252f10c83610ebca {
          priority4();
          hook_export4(false);
          'export4.f'(false);
          export4(false);
        }

        filter session_import4_internal {
          hook_import4(true);
          import4();
        }

        filter session_export4_internal {
          priority4();
          hook_export4(true);
          export4(true);
        }

        template bgp session4 {
          graceful restart on;
          connect delay time 2;
          connect retry time 5;
          error wait time 5, 30;
        }

        protocol bgp Global_10_0_0_9 from session4 {
          description "BGPPeer tor";
          local 10.0.0.1 as 64512;
          neighbor 10.0.0.9 port 179 as 65000;
          multihop;
          ttl security off;
          password "first # password";
          add paths on;
          gateway recursive;
          next hop keep;
          import filter session_import4_external_252f10c83610ebca;
          export filter session_export4_external_252f10c83610ebca;
        }

        protocol bgp Mesh_10_0_0_2 from session4 {
          description "node b";
          local 10.0.0.1 as 64512;
          neighbor 10.0.0.2 port 1790 as 64512;
          passive on;
          add paths on;
          gateway recursive;
          import filter session_import4_internal;
          export filter session_export4_internal;
        }


        """;

    private static readonly string WholeV6 = """
        # Written by canal-bird-config-renderer on "a"; changes made here are lost.
        # Your own configuration belongs in /etc/canal/bird.d: see canal-bird-config-renderer(8).
        log syslog all;
        router id 10.0.0.1;
        timeformat protocol iso long;
        watchdog warning 5 s;
        graceful restart wait 30;
        debug protocols { states };
        listen bgp address fd00::1 port 1790;

        protocol device { scan time 10; }
        protocol direct { interface -"cali*", -"kube-ipvs*", "*"; }

        function priority6() {
          if source = RTS_BGP && defined(bgp_local_pref) then krt_metric = 2147483647 - bgp_local_pref;
          else {
            if !defined(krt_metric) || krt_metric = 0 then krt_metric = 1024;
            bgp_local_pref = 2147483647 - krt_metric;
          }
        }

        function hook_import6(bool same_as) {
        }
        function import6() {
          if defined(bgp_local_pref) && bgp_local_pref > 2147482623 then preference = 200;
          accept;
        }

        function hook_export6(bool same_as) {
        }
        function export6(bool same_as) {
          if same_as && (ifname ~ "*.cali" || ifname ~ "*.calico" || ifname = "tunl0") then reject;
          if same_as && defined(krt_source) && krt_source = 80 && gw != :: then reject;
          if ifname ~ "bpf*.cali" then reject;
          if net ~ [ fd00:192:1::/122 ] then accept;
          if net ~ [ fd00:192:1::/122+ ] then {
            if krt_metric < 1024 then accept;
            reject;
          }
          if net ~ [ fd00:192::/32+ ] then accept;
          reject;
        }

        filter kernel_filter6 {
          if source = RTS_DEVICE then reject;
          if source = RTS_BGP && !defined(krt_metric) then {
            krt_metric = 1024;
            if defined(bgp_local_pref) then krt_metric = 2147483647 - bgp_local_pref;
            if krt_metric < 1024 then preference = 200;
          }
          if net ~ fd00:192::/32 then accept;
          accept;
        }

        protocol static static6 {
          route fd00:192:1::/122 blackhole;
        }

        protocol kernel kernel6 {
          learn;
          persist;
          scan time 10;
          graceful restart;
          merge paths on;
          import all;
          export filter kernel_filter6;
        }

        filter session_import6_internal {
          hook_import6(true);
          import6();
        }

        filter session_export6_internal {
          priority6();
          hook_export6(true);
          export6(true);
        }

        template bgp session6 {
          graceful restart on;
          connect delay time 2;
          connect retry time 5;
          error wait time 5, 30;
        }

        protocol bgp Mesh_fd00__2 from session6 {
          description "node b";
          local fd00::1 as 64512;
          neighbor fd00::2 port 1790 as 64512;
          passive on;
          add paths on;
          gateway recursive;
          import filter session_import6_internal;
          export filter session_export6_internal;
        }


        """;

    public static TheoryData<BirdDialect> Dialects => [BirdDialect.Bird2, .. BirdDialect.Bird16];

    [Fact]
    public void The_whole_file_of_each_process()
    {
        Assert.Equal(WholeV4, Text(IpFamily.V4, Inputs));
        Assert.Equal(WholeV6, Text(IpFamily.V6, Inputs));
    }

    [Fact]
    public void What_Bird_1_6_can_do_is_planned_as_for_Bird_2() => Assert.Equal(BirdPlanner.Plan(Inputs), Plan(Inputs));

    [Theory]
    [InlineData("Always")]
    [InlineData("CrossSubnet")]
    public void Routes_through_a_tunnel_are_left_to_the_agent_and_their_pool_is_named(string mode)
    {
        BgpInputs inputs = Inputs with { Pools = BgpSamples.Named(BgpSamples.Decode<IpPool>("tunnelled", $$"""{"cidr":"192.168.0.0/16","ipipMode":"{{mode}}"}""")) };
        BirdPlan plan = Plan(inputs);
        CalculationProblem problem = Assert.Single(plan.Problems);
        Assert.Equal((ResourceKind.IPPool, "tunnelled"), (problem.Key.Kind, problem.Key.Name));
        Assert.StartsWith("spec.ipipMode: BIRD 1.6 cannot write routes through a tunnel", problem.Reason, StringComparison.Ordinal);
        Assert.Contains("  if net ~ 192.168.0.0/16 then reject;\n  accept;\n", Text(IpFamily.V4, inputs), StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => BirdWriter.Write(Of(IpFamily.V4), BirdPlanner.Plan(inputs).Configuration, BirdSnippets.None));
    }

    [Fact]
    public void Where_the_agent_writes_the_routes_there_is_no_problem()
    {
        BgpInputs inputs = Inputs with
        {
            Pools = BgpSamples.Named(BgpSamples.Decode<IpPool>("tunnelled", """{"cidr":"192.168.0.0/16","ipipMode":"Always"}""")),
            Configurations = BgpSamples.Named(BgpSamples.Decode<BgpConfiguration>("default", """{"programClusterRoutes":"EnabledNoEncapOnly"}""")),
        };
        Assert.Empty(Plan(inputs).Problems);
    }

    [Fact]
    public void Workloads_that_call_an_address_that_is_not_listened_on_are_held_down()
    {
        BgpInputs inputs = Inputs with
        {
            Configurations = BgpSamples.Named(BgpSamples.Decode<BgpConfiguration>("default", """{"bindMode":"NodeIP","localWorkloadPeeringIPV4":"169.254.0.179"}""")),
            Peers = BgpSamples.Named(BgpSamples.Decode<BgpPeer>("workloads", """{"localWorkloadSelector":"all()","asNumber":65401}""")),
            WorkloadPeers = [new WorkloadPeer("workloads", IpAddress.Parse("192.168.1.5"), IpAddress.Parse("fd00:192:1::5"))],
        };
        BirdPlan plan = Plan(inputs);
        Assert.Equal(["default"], plan.Problems.Select(p => p.Key.Name));
        // The process for IPv6 has but one address to listen on, which is what its workload calls.
        Assert.Equal(["Local_Workload_192_168_1_5"], plan.Configuration.Sessions.Where(s => s.Held.Length > 0).Select(s => s.Name));
        Assert.Contains("disabled yes;", Text(IpFamily.V4, inputs), StringComparison.Ordinal);
        Assert.DoesNotContain("disabled yes;", Text(IpFamily.V6, inputs), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mine.conf", true, true)]
    [InlineData("mine-ipv4.conf", true, false)]
    [InlineData("definitions-ipv6-mine.conf", false, true)]
    [InlineData("ipv4-and-ipv6.conf", true, true)]
    [InlineData("kernel-ipv4.conf", true, false)]
    [InlineData("myipv4.conf", true, true)]
    public void A_snippet_is_for_the_family_that_its_name_says(string name, bool v4, bool v6)
    {
        BirdSnippet snippet = new(name, "");
        Assert.Equal((v4, v6, true), (Of(IpFamily.V4).Takes(snippet), Of(IpFamily.V6).Takes(snippet), BirdDialect.Bird2.Takes(snippet)));
    }

    [Theory]
    [MemberData(nameof(Dialects))]
    public void What_could_become_other_configuration_is_never_written(BirdDialect dialect)
    {
        BirdConfiguration good = Plan(Inputs).Configuration;
        BgpSession session = good.Sessions.First(s => dialect.Families.Contains(s.Family));
        BirdConfiguration[] bad =
        [
            good with { NodeName = "a\nlog syslog off;" },
            good with { ExcludedInterfaces = ["eth0\", \"*"] },
            good with { Sessions = [session with { Description = "x\"; disabled; #" }] },
            good with { Sessions = [session with { Password = new BgpPassword("x\"; import all; #") }] },
            good with { Sessions = [session with { ImportFilters = ["f'(true); accept; #"] }] },
            good with { Filters = [NamedFilter.RejectingAll("f'(bool same_as) { accept; } function 'g")] },
        ];
        foreach (BirdConfiguration configuration in bad) Assert.Throws<ArgumentException>(() => BirdWriter.Write(dialect, configuration, BirdSnippets.None));
    }

    private static BirdDialect Of(IpFamily family) => BirdDialect.Bird16.Single(d => d.Families.Contains(family));

    private static BirdPlan Plan(BgpInputs inputs) => BirdDialect.Bird16.Aggregate(BirdPlanner.Plan(inputs), (plan, dialect) => dialect.Fit(plan, inputs));

    private static string Text(IpFamily family, BgpInputs inputs) => BirdWriter.Write(Of(family), Plan(inputs).Configuration, BirdSnippets.None);
}
