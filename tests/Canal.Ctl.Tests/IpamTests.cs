using System.Text;
using Canal.Core.Addressing;
using Canal.Core.Ipam;
using Canal.Core.Resources;
using Canal.Datastore;

namespace Canal.Ctl.Tests;

/// <summary>ipam: who has which addresses, and what is wrong with that.</summary>
public sealed class IpamTests(Cluster cluster) : ClusterTests(cluster)
{
    private const string Documents = """
        apiVersion: projectcalico.org/v3
        kind: IPPool
        metadata: {name: pool}
        spec: {cidr: 10.65.0.0/26}
        ---
        apiVersion: projectcalico.org/v3
        kind: IPPool
        metadata: {name: six}
        spec: {cidr: "fd00:65::/48"}
        ---
        apiVersion: projectcalico.org/v3
        kind: Node
        metadata: {name: h1}
        spec: {}
        ---
        apiVersion: projectcalico.org/v3
        kind: WorkloadEndpoint
        metadata: {namespace: default}
        spec: {node: h1, orchestrator: cni, containerID: web, endpoint: eth0, interfaceName: caliweb, ipNetworks: [10.65.0.0/32]}
        """;

    [Fact]
    public async Task What_is_assigned_and_used_is_shown_and_nothing_is_wrong()
    {
        await Assign("h1", "web", 1);
        Assert.Equal("""
            KIND   CIDR          TOTAL    USED    FREE     OWNER
            pool   10.65.0.0/26  64       1 (2%)  63       pool
            block  10.65.0.0/26  64       1 (2%)  63       host:h1
            pool   fd00:65::/48  1.2e+24  0 (0%)  1.2e+24  six

            """, (await Cluster.Run("ipam", "show", "--show-blocks")).Good().Output);
        Assert.Equal("""
            address   10.65.0.0
            assigned  yes
            used by   WorkloadEndpoint default/h1-cni-web-eth0
            block     10.65.0.0/26 of host:h1
            handle    web
            pod       web

            """, (await Cluster.Run("ipam", "show", "--ip", "10.65.0.0")).Good().Output);
        (await Cluster.Run("ipam", "show", "--ip", "10.65.0.9")).Bad(1);
        ProgramRun check = (await Cluster.Run("ipam", "check")).Good();
        Assert.Equal("1 blocks with 1 assigned addresses, 1 handles, 1 claims: 0 findings\n", check.Error);
        Assert.Equal("", check.Output);
    }

    [Fact]
    public async Task A_leak_is_found_reported_and_released_unless_it_was_assigned_anew()
    {
        await Assign("h1", "web", 1);
        await Assign("h1", "lost", 2);
        ProgramRun check = (await Cluster.Run("ipam", "check")).Bad(1, "3 assigned addresses, 2 handles, 1 claims: 2 findings");
        Assert.Equal("""
            FINDING  SUBJECT    REASON
            Leaked   10.65.0.1  is assigned (handle lost, pod lost) and no endpoint or tunnel has it
            Leaked   10.65.0.2  is assigned (handle lost, pod lost) and no endpoint or tunnel has it

            """, check.Output);
        using TemporaryFolder folder = new();
        string report = folder.Write("report.json", (await Cluster.Run("ipam", "check", "-o", "json")).Bad(1).Output);

        // Between the report and its use one of the addresses goes to somebody else.
        (await Cluster.Run("ipam", "release", "--ip", "10.65.0.2")).Good();
        await AssignThis("h1", "new", "10.65.0.2");
        ProgramRun release = (await Cluster.Run("ipam", "release", "--from-report", report)).Bad(1);
        Assert.Equal("released 10.65.0.1\n10.65.0.2: has been assigned anew since the report: left alone\n", release.Error);
        Assert.Contains("new", (await Cluster.Run("ipam", "show", "--ip", "10.65.0.2")).Good().Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Values_that_do_not_fit_together_are_found()
    {
        await Assign("gone", "x", 1);
        await Put("/calico/ipam/v2/handle/ghost", """{"handleID":"ghost","block":{"10.65.0.0/26":3},"deleted":false}""");
        await Put("/calico/ipam/v2/host/h2/ipv4/block/10.65.0.0-26", """{"state":"confirmed"}""");
        await Put("/calico/ipam/v2/assignment/ipv4/block/10.99.0.0-30", """{"cidr":"10.99.0.0/30","affinity":"host:h1","allocations":[null,null,null,null],"unallocated":[0,1,2,3],"attributes":[]}""");
        await Cluster.Apply(Documents.Replace("10.65.0.0/32", "10.65.0.33/32", StringComparison.Ordinal));
        Assert.Equal("""
            FINDING        SUBJECT       REASON
            Leaked         10.65.0.0     is assigned (handle x, pod x) and no endpoint or tunnel has it
            NotAssigned    10.65.0.33    is used by WorkloadEndpoint default/h1-cni-web-eth0 and not assigned: another may get it
            HandleDiffers  ghost         has 0 addresses in 10.65.0.0/26 and the handle says 3
            OwnerGone      10.65.0.0/26  belongs to host:gone, and there is no such node
            NoPool         10.99.0.0/30  is in no pool
            ClaimDiffers   10.99.0.0/30  belongs to host:h1, which has no claim to it
            ClaimDiffers   10.65.0.0/26  is claimed by host:h2 and belongs to host:gone

            """, (await Cluster.Run("ipam", "check")).Bad(1).Output);
    }

    [Fact]
    public async Task What_does_not_fit_together_is_mended_and_leaks_are_left_to_be_released()
    {
        await Assign("gone", "x", 1);
        await Assign("h1", "y", 1);
        await Put("/calico/ipam/v2/handle/ghost", """{"handleID":"ghost","block":{"10.65.0.0/26":3},"deleted":false}""");
        await Put("/calico/ipam/v2/handle/y", """{"handleID":"y","block":{"10.65.0.0/26":7},"deleted":false}""");
        await Put("/calico/ipam/v2/host/h2/ipv4/block/10.65.0.0-26", """{"state":"confirmed"}""");
        await Put("/calico/ipam/v2/assignment/ipv4/block/10.99.0.0-30", """{"cidr":"10.99.0.0/30","affinity":"host:h1","allocations":[null,null,null,null],"unallocated":[0,1,2,3],"attributes":[]}""");
        await Cluster.Apply(Documents.Replace("10.65.0.0/32", "10.65.0.33/32", StringComparison.Ordinal));
        ProgramRun dry = (await Cluster.Run("ipam", "repair", "--dry-run")).Bad(1, "would mend ghost: has 0 addresses", "2 leaked addresses are left");
        Assert.DoesNotContain("\nmended", dry.Error, StringComparison.Ordinal);
        (await Cluster.Run("ipam", "repair")).Bad(1, "mended 10.65.0.33: is assigned now", "mended ghost: ", "mended y: ", "mended 10.65.0.0/26: is not host:gone's any more", "mended 10.99.0.0/30: is not host:h1's any more");
        Assert.Equal("""
            FINDING  SUBJECT    REASON
            Leaked   10.65.0.0  is assigned (handle x, pod x) and no endpoint or tunnel has it
            Leaked   10.65.0.1  is assigned (handle y, pod y) and no endpoint or tunnel has it

            """, (await Cluster.Run("ipam", "check")).Bad(1).Output);

        // The report as calicoctl's option writes it.
        using TemporaryFolder folder = new();
        string report = Path.Combine(folder.Path, "report.json");
        (await Cluster.Run("ipam", "check", "-o", report, "--show-all-ips")).Bad(1);
        (await Cluster.Run("ipam", "release", $"--from-report={report}")).Good();
        (await Cluster.Run("ipam", "repair")).Good();
        Assert.Equal("ADDRESS     HANDLE  USED-BY\n10.65.0.33  -       WorkloadEndpoint default/h1-cni-web-eth0\n", (await Cluster.Run("ipam", "check", "--show-all-ips")).Good().Output);
        Assert.Empty((await Cluster.Etcd.GetAsync("/calico/ipam/v2/handle/ghost", Stop)).Entry?.KeyText ?? "");
    }

    [Fact]
    public async Task Settings_are_those_that_address_management_reads_whoever_writes_them()
    {
        (await Cluster.Run("ipam", "configure", "--strictaffinity=true")).Good();
        Assert.Contains("\"strict_affinity\":true", await Get("/calico/ipam/v2/config"), StringComparison.Ordinal);
        Assert.Equal("""
            PROPERTY            VALUE
            StrictAffinity      true
            AutoAllocateBlocks  true
            MaxBlocksPerHost    0

            """, (await Cluster.Run("ipam", "show", "--show-configuration")).Good().Output);

        // The resource takes effect, shows what is in force though another program wrote it, and keeps what this one does not know.
        await Put("/calico/ipam/v2/config", """{"strict_affinity":true,"auto_allocate_blocks":true,"kubeVirtVMAddressPersistence":"Enabled"}""");
        await Cluster.Apply("apiVersion: projectcalico.org/v3\nkind: IPAMConfiguration\nmetadata: {name: default}\nspec: {strictAffinity: true, maxBlocksPerHost: 4}\n");
        string stored = await Get("/calico/ipam/v2/config");
        Assert.Contains("\"maxBlocksPerHost\":4", stored, StringComparison.Ordinal);
        Assert.Contains("kubeVirtVMAddressPersistence", stored, StringComparison.Ordinal);
        (await Cluster.Run("ipam", "configure", "--strictaffinity=false", "--maxblocks=0")).Good();
        Assert.Equal("false", (await Cluster.Run("get", "ipamconfig", "default", "-o", "jsonpath={.spec.strictAffinity}")).Good().Output.Trim());
        (await Cluster.Run("patch", "ipamconfig", "default", "-p", """{"spec":{"strictAffinity":true,"autoAllocateBlocks":false}}""")).Good();
        Assert.DoesNotContain("auto_allocate_blocks", await Get("/calico/ipam/v2/config"), StringComparison.Ordinal);
        await Put("/calico/ipam/v2/config", """{"auto_allocate_blocks":true}""");
        Assert.Equal("false true", (await Cluster.Run("get", "ipamconfig", "-o", "jsonpath={.items[0].spec.strictAffinity} {.items[0].spec.autoAllocateBlocks}")).Good().Output.Trim());

        (await Cluster.Run("ipam", "configure")).Bad(64, "give --strictaffinity");
        (await Cluster.Run("ipam", "configure", "--maxblocks=3")).Bad(64, "needs strict affinity");
        (await Cluster.Run("ipam", "configure", "--autoallocate=false")).Bad(64, "strict affinity is needed");
        (await Cluster.Run("delete", "ipamconfig", "default")).Good();
        Assert.Equal("", await Get("/calico/ipam/v2/config"));
    }

    [Fact]
    public async Task Borrowed_addresses_are_shown_with_the_host_that_has_them()
    {
        await Assign("h1", "web", 1);
        using IpamStore ipam = new(Cluster.Etcd, TimeProvider.System, new Random(1));
        await ipam.AssignAsync(new SpecificRequest { Owner = BlockOwner.Host("h2"), HandleId = "far", Attributes = LabelMap.Create([KeyValuePair.Create("node", "h2")]), Address = IpAddress.Parse("10.65.0.9"), Now = ipam.Now }, Stop);
        Assert.Equal("""
            ADDRESS    HOST  BLOCK         OWNER    HANDLE  USED-BY
            10.65.0.9  h2    10.65.0.0/26  host:h1  far     -

            """, (await Cluster.Run("ipam", "show", "--show-borrowed")).Good().Output);
    }

    private async Task<string> Get(string key) => (await Cluster.Etcd.GetAsync(key, Stop)).Entry is { } entry ? Encoding.UTF8.GetString(entry.Value.Span) : "";

    [Fact]
    public async Task Wrong_usage_changes_nothing()
    {
        (await Cluster.Run("ipam", "check", "-o", "yaml")).Bad(64, "'yaml' is not table, json or a file");
        (await Cluster.Run("ipam", "release")).Bad(64, "give either --ip or --from-report");
        (await Cluster.Run("ipam", "release", "--ip", "10.65.0")).Bad(64, "'10.65.0' is not an address");
        (await Cluster.Run("ipam", "release", "--ip", "10.65.0.7")).Bad(1, "10.65.0.7: was not assigned");
        using TemporaryFolder folder = new();
        (await Cluster.Run("ipam", "release", "--from-report", folder.Write("x.json", "[]"))).Bad(1, "is not");
    }

    private async Task Assign(string node, string handle, int count)
    {
        await Cluster.Apply(Documents);
        using IpamStore ipam = new(Cluster.Etcd, TimeProvider.System, new Random(1));
        Assignment got = await ipam.AssignAsync(new AddressRequest
        {
            Owner = BlockOwner.Host(node),
            HandleId = handle,
            Attributes = Of(handle),
            Ipv4 = count,
            Now = ipam.Now,
        }, [], Stop);
        Assert.Equal(count, got.Ipv4.Count);
    }

    private async Task AssignThis(string node, string handle, string address)
    {
        using IpamStore ipam = new(Cluster.Etcd, TimeProvider.System, new Random(1));
        SpecificOutcome got = await ipam.AssignAsync(new SpecificRequest
        {
            Owner = BlockOwner.Host(node),
            HandleId = handle,
            Attributes = Of(handle),
            Address = IpAddress.Parse(address),
            Now = ipam.Now,
        }, Stop);
        Assert.NotNull(got.Assigned);
    }

    private static LabelMap Of(string handle) => LabelMap.Create([KeyValuePair.Create("pod", handle)]);

    private Task Put(string key, string json) => Cluster.Etcd.CommitAsync(new EtcdTransaction().Put(key, Encoding.UTF8.GetBytes(json)), Stop);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;
}
