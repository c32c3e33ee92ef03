namespace Canal.Datastore.Tests;

public sealed class SnapshotMarksTests
{
    private readonly SnapshotMarks<string> marks = new();

    [Fact]
    public void What_the_new_snapshot_lacks_is_gone_once()
    {
        Assert.Empty(Snapshot("a", "b", "c"));
        marks.Mark("d");
        marks.Remove("b");
        Assert.Equal(["c", "d"], Snapshot("a").Order());
        Assert.Empty(Snapshot("a"));
    }

    [Fact]
    public void What_a_broken_off_snapshot_had_does_not_pass_for_seen()
    {
        Snapshot("a", "b");
        marks.Begin();
        marks.Mark("a");
        Assert.Equal(["a"], Snapshot("b"));
    }

    private List<string> Snapshot(params string[] keys)
    {
        marks.Begin();
        foreach (string key in keys) marks.Mark(key);
        return marks.Complete();
    }
}
