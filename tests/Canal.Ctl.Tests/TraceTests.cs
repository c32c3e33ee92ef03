namespace Canal.Ctl.Tests;

/// <summary>trace and test: what policy does with a packet, from documents and from etcd alike.</summary>
public sealed class TraceTests(Cluster cluster) : ClusterTests(cluster)
{
    private const string Documents = """
        apiVersion: projectcalico.org/v3
        kind: Tier
        metadata: {name: security}
        spec: {order: 10, defaultAction: Pass}
        ---
        apiVersion: projectcalico.org/v3
        kind: GlobalNetworkPolicy
        metadata: {name: security.no-spy}
        spec:
          tier: security
          selector: all()
          types: [Ingress]
          ingress:
          - {action: Log, source: {selector: role == 'spy'}}
          - {action: Deny, source: {selector: role == 'spy'}}
        ---
        apiVersion: projectcalico.org/v3
        kind: NetworkPolicy
        metadata: {name: db, namespace: prod}
        spec:
          selector: role == 'db'
          types: [Ingress]
          ingress:
          - {action: Allow, protocol: TCP, source: {selector: role == 'web'}, destination: {ports: [5432]}}
        ---
        apiVersion: projectcalico.org/v3
        kind: Profile
        metadata: {name: open}
        spec: {ingress: [{action: Allow}], egress: [{action: Allow}]}
        ---
        apiVersion: projectcalico.org/v3
        kind: WorkloadEndpoint
        metadata: {namespace: prod, labels: {role: web}}
        spec: {node: h1, orchestrator: cni, containerID: web, endpoint: eth0, interfaceName: caliweb, ipNetworks: [10.65.0.10/32, "fd00::10/128"], profiles: [open]}
        ---
        apiVersion: projectcalico.org/v3
        kind: WorkloadEndpoint
        metadata: {namespace: prod, labels: {role: db}}
        spec: {node: h2, orchestrator: cni, containerID: db, endpoint: eth0, interfaceName: calidb, ipNetworks: [10.65.1.10/32, "fd00::110/128"], profiles: [open]}
        ---
        apiVersion: projectcalico.org/v3
        kind: HostEndpoint
        metadata: {name: h3-eth0, labels: {role: host}}
        spec: {node: h3, interfaceName: eth0, expectedIPs: [192.0.2.3]}
        """;

    private const string Allowed = """
        tcp 10.65.0.10:49152 > 10.65.1.10:5432

        egress from WorkloadEndpoint prod/h1-cni-web-eth0
        TIER  POLICY        RULE      ACTION  MATCHES
        -     Profile open  egress 0  Allow   yes

        ingress to WorkloadEndpoint prod/h2-cni-db-eth0
        TIER      POLICY                               RULE       ACTION  MATCHES
        security  GlobalNetworkPolicy security.no-spy  ingress 0  Log     no: source.selector
        security  GlobalNetworkPolicy security.no-spy  ingress 1  Deny    no: source.selector
        security  end of the tier                      -          Pass    yes
        default   NetworkPolicy prod/db                ingress 0  Allow   yes

        ALLOW: allowed by rule 0 of NetworkPolicy prod/db in tier default (ingress to WorkloadEndpoint prod/h2-cni-db-eth0)

        """;

    [Fact]
    public async Task A_packet_is_followed_rule_by_rule_from_documents()
    {
        ProgramRun run = (await ProgramRun.Of(["trace", "-f", "-", "--from", "web", "--to", "10.65.1.10", "--port", "5432"], Documents)).Good();
        Assert.Equal(Allowed, run.Output);
        Assert.Equal("", run.Error);
    }

    [Fact]
    public async Task Etcd_says_the_same()
    {
        await Cluster.Apply(Documents);
        ProgramRun run = (await Cluster.Run("trace", "--from", "prod/web", "--to", "prod/db", "--port", "5432")).Good();
        Assert.Equal(Allowed, run.Output);
    }

    [Fact]
    public async Task A_denied_packet_ends_with_3_and_the_first_field_that_does_not_match()
    {
        ProgramRun run = (await ProgramRun.Of(["trace", "-f", "-", "--from", "fd00::10", "--to", "db", "--protocol", "udp", "--port", "5432"], Documents)).Bad(3);
        Assert.Contains("udp [fd00::10]:49152 > [fd00::110]:5432\n", run.Output, StringComparison.Ordinal);
        Assert.Contains("default   NetworkPolicy prod/db                ingress 0  Allow   no: protocol\ndefault   end of the tier                      -          Deny    yes\n", run.Output, StringComparison.Ordinal);
        Assert.EndsWith("DENY: denied at the end of tier default (ingress to WorkloadEndpoint prod/h2-cni-db-eth0)\n", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_denied_on_its_way_out_is_not_followed_further()
    {
        ProgramRun run = (await ProgramRun.Of(["trace", "-f", "-", "--from", "host/h3-eth0", "--to", "web", "--protocol", "icmp", "-o", "json"], Documents)).Bad(3, "failsafe ports");
        Assert.Equal("""
            {
              "verdict": "deny",
              "source": "192.0.2.3",
              "destination": "10.65.0.10",
              "protocol": 1,
              "points": [
                {
                  "endpoint": "HostEndpoint h3-eth0",
                  "direction": "egress",
                  "stage": "Normal",
                  "decision": "deny",
                  "steps": [
                    {
                      "tier": "",
                      "action": "Deny",
                      "matches": true
                    }
                  ]
                }
              ]
            }

            """, run.Output);
    }

    [Theory]
    [InlineData("nobody", "web", "is neither an address nor an endpoint")]
    [InlineData("192.0.2.77", "192.0.2.78", "neither 192.0.2.77 nor 192.0.2.78 belongs to an endpoint")]
    [InlineData("fd00::10", "192.0.2.78", "no addresses of one family")]
    public async Task Ends_that_are_none_are_told(string from, string to, string said) =>
        (await ProgramRun.Of(["trace", "-f", "-", "--from", from, "--to", to, "--port", "1"], Documents)).Bad(1, said);

    [Fact]
    public async Task Tests_over_documents_pass_and_fail_with_their_reasons()
    {
        using TemporaryFolder folder = new();
        string file = folder.Write("prod.toml", """
            [[endpoint]]
            name = "spy"
            namespace = "prod"
            labels = { role = "spy" }
            profiles = "open"

            [[test]]
            name = "web reaches the database"
            from = "web"
            to = "db"
            port = 5432
            expect = "allow"

            [[test]]
            from = ["spy", "192.0.2.77"]
            to = ["db", "web"]
            port = 5432
            expect = "deny"
            """);
        ProgramRun run = (await ProgramRun.Of(["test", file, "-f", "-"], Documents)).Bad(1, "1 passed, 1 failed");
        Assert.Equal($"""
            ok     web reaches the database: allowed by rule 0 of NetworkPolicy prod/db in tier default (ingress to WorkloadEndpoint prod/h2-cni-db-eth0)
            FAILED spy, 192.0.2.77 to db, web, tcp 5432: deny: 192.0.2.77 to web: allowed by rule 0 of Profile open (ingress to WorkloadEndpoint prod/h1-cni-web-eth0) [{file}:14]

            """, run.Output);
        ProgramRun junit = (await ProgramRun.Of(["test", file, "-f", "-", "-o", "junit"], Documents)).Bad(1);
        Assert.Equal($"""
            <testsuites>
              <testsuite name="{file}" tests="2" failures="1">
                <testcase classname="{file}" name="web reaches the database" />
                <testcase classname="{file}" name="spy, 192.0.2.77 to db, web, tcp 5432: deny">
                  <failure message="192.0.2.77 to web: allowed by rule 0 of Profile open (ingress to WorkloadEndpoint prod/h1-cni-web-eth0)">{file}:14</failure>
                </testcase>
              </testsuite>
            </testsuites>

            """, junit.Output);
    }

    [Fact]
    public async Task Mistakes_in_tests_are_told_with_their_places_and_nothing_is_run()
    {
        using TemporaryFolder folder = new();
        string file = folder.Write("bad.toml", """
            [[test]]
            from = "web"
            too = "db"
            port = "http"
            expect = "maybe"
            [tests]
            """);
        ProgramRun run = (await ProgramRun.Of(["test", file, "-f", "-"], Documents)).Bad(1,
            $"{file}:3:1: unknown key too (did you mean to?)", $"{file}:4:8: port: expected a number from 1 to 65535", $"{file}:5:1: expect: must be \"allow\" or \"deny\"",
            $"{file}:1:3: from and to are needed", $"{file}:6:2: only [[endpoint]] and [[test]] belong here");
        Assert.Equal("", run.Output);
    }
}
