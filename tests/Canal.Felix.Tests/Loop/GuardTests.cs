using System.Text;
using Canal.Datastore;
using Canal.Felix.Dataplane.Nftables;
using static Canal.Felix.Tests.Loop.SampleObjects;

namespace Canal.Felix.Tests.Loop;

/// <summary>A guarded change is taken back when nobody confirms it, also while etcd is away.</summary>
public sealed class GuardTests : IDisposable
{
    private const string Id = "7f3a";
    private readonly LoopHost host = new();
    private readonly List<string> reverted = [];
    private readonly string before;

    public GuardTests()
    {
        foreach (string link in (string[])["caliw0", "caliw1"]) host.AddLink(link);
        host.Start(All);
        host.Agent.RevertGuard = reverted.Add;
        before = host.Nftables.Dump(KernelNames.Table);
    }

    public void Dispose() => host.Dispose();

    private string Table => host.Nftables.Dump(KernelNames.Table);

    [Fact]
    public void When_its_time_is_up_the_kernel_is_as_before_whether_etcd_answers_or_not()
    {
        Guarded(seconds: 30);
        Assert.NotEqual(before, Table);
        host.Say(new WatchBatch.Lost(EtcdFailure.Unavailable, "cut off"));
        host.Wait(29);
        Assert.NotEqual(before, Table);
        Assert.Empty(reverted);
        host.Wait(2);
        Assert.Equal(before, Table);
        Assert.Equal([Id], reverted);
        Assert.Equal(1, host.Log.Count("nobody has confirmed the change of guard"));
        // Once more nothing happens.
        host.Wait(60);
        Assert.Equal([Id], reverted);
    }

    [Fact]
    public void What_is_confirmed_stays()
    {
        Guarded(seconds: 30);
        string changed = Table;
        host.Say(Events(12, (GuardKey, null, 10, 12)));
        host.Wait(60);
        Assert.Equal(changed, Table);
        Assert.Empty(reverted);
    }

    [Fact]
    public void A_confirmation_that_comes_after_all_counts_as_etcd_has_it()
    {
        Guarded(seconds: 30);
        string changed = Table;
        host.Wait(31);
        Assert.Equal(before, Table);
        host.Say(Events(12, (GuardKey, null, 10, 12)));
        host.Step();
        Assert.Equal(changed, Table);
    }

    [Fact]
    public void An_etcd_that_still_has_the_change_does_not_bring_it_back()
    {
        Guarded(seconds: 30);
        host.Wait(31);
        host.Say(
            new WatchBatch.SnapshotBegin(),
            new WatchBatch.SnapshotPage(new[] { Entry(GuardKey, Guard(30).Encode(), 10, 11) }),
            LoopHost.Page([.. All.Where(r => r.Key != Policy.Key)]),
            new WatchBatch.SnapshotPage(new[] { Entry(Policy.Key, Encoding.UTF8.GetBytes(Closed), 1, 11) }),
            new WatchBatch.SnapshotComplete(20));
        host.Step();
        Assert.Equal(before, Table);
    }

    [Fact]
    public void What_somebody_changed_since_is_left_alone()
    {
        Guarded(seconds: 30);
        host.Say(Events(12, (Policy.Key, Closed.Replace("Deny", "Pass", StringComparison.Ordinal), 1, 12)));
        host.Step();
        string changed = Table;
        host.Wait(31);
        Assert.Equal(changed, Table);
        Assert.Equal([Id], reverted);
    }

    [Fact]
    public void A_guard_of_anything_but_resources_is_none()
    {
        host.Say(Events(11, (GuardKey, """{"deadline":"2000-01-01T00:00:00Z","keys":[{"key":"/registry/secret","before":"x"}]}""", 10, 11)));
        host.Wait(5);
        Assert.Empty(reverted);
        Assert.Equal(before, Table);
    }

    private const string GuardKey = Datastore.Guard.Prefix + Id;

    private static string Closed => """{"metadata":{"name":"web"},"spec":{"selector":"all()","types":["Ingress"],"ingress":[{"action":"Deny"}]}}""";

    private Guard Guard(int seconds) => new(Id, host.Time.GetUtcNow().AddSeconds(seconds), [new GuardedKey(Policy.Key, Encoding.UTF8.GetBytes(Policy.Json))]);

    /// <summary>Armed at revision 10, the change at 11.</summary>
    private void Guarded(int seconds)
    {
        string guard = Encoding.UTF8.GetString(Guard(seconds).Encode());
        host.Say(Events(10, (GuardKey, guard, 10, 10)));
        host.Say(Events(11, (Policy.Key, Closed, 1, 11)), Events(11, (GuardKey, guard, 10, 11)));
        host.Step();
    }

    private static WatchBatch.Events Events(long revision, params (string Key, string? Value, long Created, long Changed)[] changes) =>
        new(revision, changes.Select(c => new WatchEvent(Entry(c.Key, Encoding.UTF8.GetBytes(c.Value ?? ""), c.Created, c.Changed), c.Value is null)).ToArray());

    private static EtcdEntry Entry(string key, byte[] value, long created, long changed) =>
        new() { Key = Encoding.UTF8.GetBytes(key), Value = value, CreateRevision = created, ModRevision = changed };
}
