using System.Text;
using System.Text.Json.Nodes;
using Canal.Core.Flannel;
using Canal.Datastore;
using Canal.FlannelBridge.Leases;
using Canal.Testing;

namespace Canal.FlannelBridge.Tests;

public sealed class LeaseFeedTests
{
    private const string Prefix = "/coreos.com/network";

    private readonly LeaseFeed feed = new(Prefix);
    private long revision = 1;

    private EtcdEntry Entry(string key, string value) => new() { Key = Encoding.UTF8.GetBytes($"{Prefix}/{key}"), Value = Encoding.UTF8.GetBytes(value), ModRevision = ++revision, CreateRevision = revision, Lease = 7 };

    private EtcdEntry Lease(string subnet, string mac = "A") =>
        Entry($"subnets/{subnet.Replace('/', '-')}", $$$"""{"PublicIP":"192.0.2.9","BackendType":"vxlan","BackendData":{"VtepMAC":"0e:00:00:00:00:0{{{mac}}}"}}""");

    private void Snapshot(params EtcdEntry[] entries)
    {
        feed.Accept(new WatchBatch.SnapshotBegin());
        if (entries.Length > 0) feed.Accept(new WatchBatch.SnapshotPage(entries));
        feed.Accept(new WatchBatch.SnapshotComplete(revision));
    }

    private void Event(EtcdEntry entry, bool isDelete = false) => feed.Accept(new WatchBatch.Events(revision, new[] { new WatchEvent(entry, isDelete) }));

    /// <summary>Every lease but the own one, with what it says.</summary>
    private Dictionary<FlannelSubnet, FlannelLease> Peers(string own) => feed.Leases.Values.Where(l => l.Subnet.V4Cidr.ToString() != own).ToDictionary(l => l.Subnet, l => l.Lease);

    [Fact]
    public void The_cases_of_flannels_watch_end_alike_but_for_its_slips()
    {
        JsonNode[] cases = [.. JsonNode.Parse(File.ReadAllText(Conformance.Require("flannel/cases.json")))!.AsArray().OfType<JsonNode>().Where(c => ((string)c["kind"]!).StartsWith("watch", StringComparison.Ordinal))];
        Assert.Equal(5, cases.Length);
        foreach (JsonNode record in cases) new LeaseFeedTests().Check(record["input"]!, record["expect"]!);
    }

    private void Check(JsonNode input, JsonNode expect)
    {
        string own = (string)input["own"]!;
        Snapshot([.. Entries(input["known"]!)]);
        Dictionary<FlannelSubnet, FlannelLease> before = Peers(own);
        if (input["snapshot"] is { } snapshot) Snapshot([.. Entries(snapshot)]);
        else if ((string)input["event"]! is var happened) Event(Lease(happened.Split(' ')[1]), happened.StartsWith("delete", StringComparison.Ordinal));
        Dictionary<FlannelSubnet, FlannelLease> after = Peers(own);
        string[] events = [.. after.Where(p => !before.ContainsKey(p.Key)).Select(p => $"added {p.Key.V4Cidr}"), .. before.Where(p => !after.ContainsKey(p.Key)).Select(p => $"removed {p.Key.V4Cidr}")];
        // flannel programs a lease again that is written again, and is told of one it never knew; for us both are no change. What it misses, we see.
        if (input["event"] is not null) Assert.Empty(events);
        else Assert.Equal(expect["events"]!.AsArray().Select(e => (string)e!), events);
        if (expect["trap"] is not null) Assert.NotEqual(before.Values, after.Values);
    }

    private IEnumerable<EtcdEntry> Entries(JsonNode list) => list.AsArray().Select(n => ((string)n!).Split(' ')).Select(p => Lease(p[0], p.Length > 1 ? p[1][^1..] : "A"));

    [Fact]
    public void One_key_that_is_no_lease_empties_nothing()
    {
        Snapshot(Entry("config", """{"Network":"10.3.0.0/16"}"""), Lease("10.3.2.0/24"), Entry("subnets/x", "y"), Entry("subnetsX/10.3.9.0-24", "{}"));
        Assert.Equal(["10.3.2.0-24"], feed.Leases.Values.Select(l => l.Subnet.ToString()));
        Assert.Equal([$"{Prefix}/subnets/x", $"{Prefix}/subnetsX/10.3.9.0-24"], feed.Refused.Keys);
        Event(Entry("subnets/10.3.2.0-24", "{\"PublicIP\":5}"));
        Assert.Empty(feed.Leases);
        Event(Lease("10.3.2.0/24"));
        Assert.Single(feed.Leases);
        Assert.Equal(($"{Prefix}/subnets/10.3.2.0-24", ""), feed.TakeReports()[^1]);
    }

    [Theory]
    [InlineData("10.3.02.0-24")]
    [InlineData("10.3.2.0-024")]
    [InlineData("x10.3.2.0-24")]
    [InlineData("10.3.2.0-24&FD00::-64")]
    public void A_key_that_is_not_written_as_flannel_writes_it_is_none_of_ours(string name)
    {
        Snapshot(Entry($"subnets/{name}", """{"PublicIP":"192.0.2.9"}"""));
        Assert.Empty(feed.Leases);
        Assert.Contains($"{Prefix}/subnets/{name}", feed.Refused.Keys);
    }

    [Fact]
    public void A_configuration_that_is_wrong_or_gone_leaves_the_one_before()
    {
        Snapshot();
        Assert.Null(feed.Network);
        Assert.Contains("not configured yet", Assert.Single(feed.TakeReports()).Reason, StringComparison.Ordinal);
        Event(Entry("config", """{"Network":"10.3.0.0/16"}"""));
        FlannelNetwork network = feed.Network!;
        Event(Entry("config", "{"));
        Assert.Same(network, feed.Network);
        Event(Entry("config", ""), isDelete: true);
        Assert.Same(network, feed.Network);
        Assert.Contains("stays in force", feed.TakeReports()[^1].Reason, StringComparison.Ordinal);
    }
}
