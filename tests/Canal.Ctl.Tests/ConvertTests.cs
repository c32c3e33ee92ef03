namespace Canal.Ctl.Tests;

/// <summary>Resources of Calico 1 in the form of Calico 3.</summary>
public sealed class ConvertTests(Cluster cluster) : ClusterTests(cluster)
{
    private const string Everything = """
        - apiVersion: v1
          kind: policy
          metadata: {name: Allow_TCP.6379, annotations: {why: because}}
          spec:
            order: 10
            selector: role == 'database' && calico/k8s_ns == 'x'
            ingress:
            - action: allow
              protocol: tcp
              source: {tag: front, selector: "a == 'b' || c == 'd'", net: 10.1.2.3/8, nets: [192.0.2.1/32]}
              destination: {ports: [6379, "8000:8080"]}
            - action: next-tier
            egress:
            - {action: deny, notProtocol: udplite, destination: {notNet: "fd00::5/64"}}
        - apiVersion: v1
          kind: profile
          metadata: {name: k8s_ns.default, tags: [t1], labels: {a: b}}
          spec: {ingress: [{action: allow}]}
        - apiVersion: v1
          kind: ipPool
          metadata: {cidr: 198.51.100.0/24}
          spec: {ipip: {enabled: true, mode: cross-subnet}, nat-outgoing: true}
        - apiVersion: v1
          kind: node
          metadata: {name: Host_A}
          spec: {bgp: {asNumber: 64512, ipv4Address: 10.0.0.1/24}}
        - apiVersion: v1
          kind: bgpPeer
          metadata: {scope: node, node: Host_A, peerIP: "aa:bb::ff"}
          spec: {asNumber: 64513}
        - apiVersion: v1
          kind: hostEndpoint
          metadata: {name: eth0, node: Host_A, labels: {x: z}}
          spec: {interfaceName: eth0, expectedIPs: [10.0.0.1], profiles: [p1], ports: [{name: http, protocol: tcp, port: 80}]}
        - apiVersion: v1
          kind: workloadEndpoint
          metadata: {name: eth0, node: Host_A, orchestrator: k8s, workload: ns1.pod-1, activeInstanceID: c123, labels: {calico/k8s_ns: ns1}}
          spec: {ipNetworks: [10.0.0.5/32], profiles: [k8s_ns.ns1], interfaceName: cali123, mac: "ee:ee:ee:ee:ee:ee"}
        """;

    private const string Converted = """
        apiVersion: projectcalico.org/v3
        kind: GlobalNetworkPolicy
        metadata:
          name: allow-tcp-6379-6ba02467
          annotations:
            why: because
        spec:
          ingress:
          - action: Allow
            protocol: TCP
            source:
              nets:
              - 192.0.2.1/32
              - 10.0.0.0/8
              selector: (a == 'b' || c == 'd') && front == ''
            destination:
              ports:
              - 6379
              - '8000:8080'
          - action: Pass
          egress:
          - action: Deny
            notProtocol: UDPLite
            destination:
              notNets:
              - fd00::/64
          tier: default
          order: 10
          selector: role == 'database' && projectcalico.org/namespace == 'x'
          types:
          - Ingress
          - Egress
        ---
        apiVersion: projectcalico.org/v3
        kind: Profile
        metadata:
          name: kns.default
        spec:
          labelsToApply:
            a: b
            t1: ''
          ingress:
          - action: Allow
        ---
        apiVersion: projectcalico.org/v3
        kind: IPPool
        metadata:
          name: '198-51-100-0-24'
        spec:
          cidr: 198.51.100.0/24
          ipipMode: CrossSubnet
          natOutgoing: true
        ---
        apiVersion: projectcalico.org/v3
        kind: Node
        metadata:
          name: host-a
        spec:
          bgp:
            asNumber: 64512
            ipv4Address: 10.0.0.1/24
        ---
        apiVersion: projectcalico.org/v3
        kind: BGPPeer
        metadata:
          name: host-a.00aa-00bb-0000-0000-0000-0000-0000-00ff
        spec:
          node: host-a
          peerIP: aa:bb::ff
          asNumber: 64513
        ---
        apiVersion: projectcalico.org/v3
        kind: HostEndpoint
        metadata:
          name: host-a.eth0
          labels:
            x: z
        spec:
          node: host-a
          interfaceName: eth0
          expectedIPs:
          - '10.0.0.1'
          profiles:
          - p1
          ports:
          - name: http
            protocol: TCP
            port: 80
        ---
        apiVersion: projectcalico.org/v3
        kind: WorkloadEndpoint
        metadata:
          labels:
            projectcalico.org/namespace: ns1
          namespace: ns1
        spec:
          node: host-a
          endpoint: eth0
          orchestrator: k8s
          pod: pod-1
          containerID: c123
          ipNetworks:
          - 10.0.0.5/32
          profiles:
          - kns.ns1
          interfaceName: cali123
          mac: ee:ee:ee:ee:ee:ee

        """;

    [Fact]
    public async Task Every_kind_is_converted_to_what_apply_takes()
    {
        string yaml = (await ProgramRun.Of(["convert", "-f", "-"], Everything)).Good().Output;
        Assert.Equal(Converted, yaml);
        await Cluster.Apply(yaml);
        string json = (await ProgramRun.Of(["convert", "-f", "-", "-o", "json"], Everything)).Good().Output;
        Assert.StartsWith("[", json, StringComparison.Ordinal);
        (await Cluster.RunOn(json, "diff")).Good();
    }

    [Theory]
    // Calico's own examples of how names change.
    [InlineData("policy-1", "policy-1")]
    [InlineData("MyPolicy", "mypolicy-5da35c0f")]
    [InlineData("a/b", "a-b-3ec69c85")]
    [InlineData("--x..-y__z.", "x-y-z-8a8d0c10")]
    public async Task Names_that_change_are_marked_by_their_hash(string before, string after)
    {
        string output = (await ProgramRun.Of(["convert", "-f", "-"], $"apiVersion: v1\nkind: policy\nmetadata: {{name: \"{before}\"}}\nspec: {{}}\n")).Good().Output;
        string name = output.Split('\n').Single(line => line.StartsWith("  name: ", StringComparison.Ordinal))["  name: ".Length..];
        Assert.Equal(after[..^8], name[..^8]);
        Assert.Equal(before == after ? after : $"{after[..^8]}{Hash(before)}", name);
    }

    [Theory]
    [InlineData("apiVersion: v1\nkind: Pod\n", "kind: 'Pod' is not one of policy, profile")]
    [InlineData("apiVersion: projectcalico.org/v3\nkind: Node\n", "apiVersion: is Calico 3's already")]
    [InlineData("apiVersion: v1\nkind: policy\nmetadata: {name: x}\nspec: {colour: red}\n", "spec.colour: is not a field of this kind")]
    [InlineData("apiVersion: v1\nkind: policy\nmetadata: {name: x}\nspec: {ingress: [{action: allow, source: {tags: a}}]}\n", "spec.ingress[0].source.tags: is not a field of this kind")]
    [InlineData("apiVersion: v1\nkind: policy\nspec: {}\n", "metadata.name: is missing")]
    [InlineData("apiVersion: v1\nkind: policy\nmetadata: {name: x}\nspec: {selector: 'a ='}\n", "spec.selector")]
    [InlineData("apiVersion: v1\nkind: profile\nmetadata: {name: x, tags: [a], labels: {a: b}}\n", "metadata.tags: 'a' is a label of the profile too")]
    [InlineData("apiVersion: v1\nkind: bgpPeer\nmetadata: {scope: global, node: n, peerIP: 10.0.0.1}\n", "metadata.scope: must be global, without a node")]
    [InlineData("apiVersion: v1\nkind: workloadEndpoint\nmetadata: {name: e, node: n, orchestrator: k8s, workload: nodot}\n", "metadata.workload: 'nodot' is not NAMESPACE.POD")]
    public async Task What_cannot_be_converted_is_told_and_nothing_is_printed(string document, string said) =>
        Assert.Equal("", (await ProgramRun.Of(["convert", "-f", "-"], document)).Bad(1, said).Output);

    [Fact]
    public async Task Validation_can_be_left_out()
    {
        const string document = "apiVersion: v1\nkind: policy\nmetadata: {name: x}\nspec: {ingress: [{action: maybe}]}\n";
        (await ProgramRun.Of(["convert", "-f", "-"], document)).Bad(1, "spec.ingress[0].action");
        Assert.Contains("action: maybe", (await ProgramRun.Of(["convert", "-f", "-", "--ignore-validation"], document)).Good().Output, StringComparison.Ordinal);
        (await ProgramRun.Of(["convert", "-f", "-", "-o", "wide"], document)).Bad(64, "-o: 'wide' is not yaml or json");
    }

    private static string Hash(string text) => Convert.ToHexStringLower(System.Security.Cryptography.SHA1.HashData(System.Text.Encoding.UTF8.GetBytes(text)))[..8];
}
