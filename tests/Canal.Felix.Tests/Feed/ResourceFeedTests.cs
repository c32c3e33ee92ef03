using System.Text;
using Canal.Core.Calculation;
using Canal.Datastore;
using Canal.Felix.Feed;
using Canal.Testing;
using Canal.Testing.Rig;
using static Canal.Felix.Tests.Loop.SampleObjects;

namespace Canal.Felix.Tests.Feed;

public sealed class ResourceFeedTests
{
    private readonly PolicyCalculator calculator = new(ResourceBuilder.ThisNode);
    private readonly ResourceFeed feed;
    private long revision = 10;

    public ResourceFeedTests() => feed = new ResourceFeed(calculator, new Canal.Core.Overlay.ClusterNetwork(ResourceBuilder.ThisNode)) { NodeName = ResourceBuilder.ThisNode };

    private static EtcdEntry Entry(string key, string value) => new() { Key = Encoding.UTF8.GetBytes(key), Value = Encoding.UTF8.GetBytes(value), ModRevision = 1 };

    private void Put(string key, string value) => feed.Accept(new WatchBatch.Events(++revision, new[] { new WatchEvent(Entry(key, value), IsDelete: false) }));

    private void Page(params Resource[] resources) => feed.Accept(new WatchBatch.SnapshotPage(resources.Select(resource => Entry(resource.Key, resource.Json)).ToArray()));

    private void Snapshot(params Resource[] resources)
    {
        feed.Accept(new WatchBatch.SnapshotBegin());
        Page(resources);
        feed.Accept(new WatchBatch.SnapshotComplete(++revision));
    }

    private string[] Reports => [.. feed.TakeReports().Select(report => $"{report.Kind} {report.Key.Name}")];

    private string[] Endpoints
    {
        get
        {
            DesiredChanges changes = calculator.TakeChanges();
            return [.. changes.Endpoints.Select(change => $"{(change.Value is null ? "-" : "+")}{change.Key}").Order(StringComparer.Ordinal)];
        }
    }

    [Fact]
    public void Nothing_is_complete_before_the_end_of_the_snapshot()
    {
        feed.Accept(new WatchBatch.SnapshotBegin());
        Page(All);
        Assert.Equal((false, true), (feed.IsComplete, feed.IsMidSnapshot));
        feed.Accept(new WatchBatch.SnapshotComplete(77));
        Assert.Equal((true, false, 77L), (feed.IsComplete, feed.IsMidSnapshot, feed.Revision));
        Assert.True(feed.IsReady);
        Assert.Equal(["+caliw0", "+caliw1"], Endpoints);
    }

    [Theory]
    [InlineData("{]")]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("\"text\"")]
    [InlineData("""{"kind":"WorkloadEndpoint","metadata":{"name":"h1-cni-w0-eth0"},"spec":[]}""")]
    public void A_corrupt_value_counts_as_absent_is_told_once_and_heals(string corrupt)
    {
        Snapshot(All);
        _ = (Endpoints, Reports);
        Put(W0.Key, corrupt);
        Assert.Equal(["-caliw0"], Endpoints);
        Assert.Equal(["Ignored h1-cni-w0-eth0"], Reports);
        Put(W0.Key, corrupt);
        Snapshot([.. All.Except([W0])]);
        Assert.Empty(Reports);
        Put(W0.Key, corrupt);
        Assert.Equal(["Ignored h1-cni-w0-eth0"], Reports);
        Put(W0.Key, W0.Json);
        Assert.Equal(["+caliw0"], Endpoints);
        Assert.Equal(["Healed h1-cni-w0-eth0"], Reports);
        Put(W0.Key, W0.Json);
        Assert.Empty(Reports);
    }

    [Fact]
    public void A_corrupt_value_that_stays_over_a_new_snapshot_is_not_told_again()
    {
        feed.Accept(new WatchBatch.SnapshotBegin());
        feed.Accept(new WatchBatch.SnapshotPage(new[] { Entry(W0.Key, "{]") }));
        feed.Accept(new WatchBatch.SnapshotComplete(11));
        Assert.Equal(["Ignored h1-cni-w0-eth0"], Reports);
        feed.Accept(new WatchBatch.SnapshotBegin());
        feed.Accept(new WatchBatch.SnapshotPage(new[] { Entry(W0.Key, "{]") }));
        feed.Accept(new WatchBatch.SnapshotComplete(12));
        Assert.Empty(Reports);
    }

    [Fact]
    public void A_new_snapshot_sweeps_what_it_lacks()
    {
        Snapshot(All);
        _ = Endpoints;
        Snapshot([.. All.Except([W1])]);
        Assert.Equal(["-caliw1"], Endpoints);
        Snapshot(All);
        Assert.Equal(["+caliw1"], Endpoints);
    }

    [Fact]
    public void What_a_broken_off_snapshot_showed_does_not_count_as_seen_by_the_next()
    {
        Snapshot(All);
        feed.Accept(new WatchBatch.SnapshotBegin());
        Page(W0);
        feed.Accept(new WatchBatch.Lost(EtcdFailure.Unavailable, "gone"));
        _ = Endpoints;
        Snapshot([.. All.Except([W0])]);
        Assert.Equal(["-caliw0"], Endpoints);
    }

    [Fact]
    public void What_a_broken_off_snapshot_brought_is_swept_when_the_next_lacks_it()
    {
        feed.Accept(new WatchBatch.SnapshotBegin());
        Page(W0);
        Snapshot([.. All.Except([W0])]);
        Assert.Equal(["+caliw1"], Endpoints);
    }

    [Fact]
    public void Readiness_goes_with_the_resource()
    {
        Snapshot(All);
        Put(Unready.Key, Unready.Json);
        Assert.False(feed.IsReady);
        Put(Ready.Key, Ready.Json);
        Assert.True(feed.IsReady);
        Snapshot([.. All.Skip(1)]);
        Assert.False(feed.IsReady);
    }

    [Fact]
    public void Parameters_are_marked_changed_by_what_may_change_them_only()
    {
        Snapshot(All);
        feed.ParametersChanged = false;
        Put(W0.Key, W0.Json);
        Put(Calico.Node("h2").Key, Calico.Node("h2").Json);
        Assert.False(feed.ParametersChanged);
        Put(Calico.Node("h1").Key, Calico.Node("h1").Json);
        Assert.True(feed.ParametersChanged);
        feed.ParametersChanged = false;
        Put(Calico.FelixConfiguration("default").Key, Calico.FelixConfiguration("default").Json);
        Assert.True(feed.ParametersChanged);
    }

    [Fact]
    public void Keys_that_are_no_resources_are_passed_over()
    {
        Put("/calico/resources/v3/projectcalico.org/unknown/x", "{]");
        Put("/elsewhere", "{]");
        Assert.Empty(Reports);
    }
}
