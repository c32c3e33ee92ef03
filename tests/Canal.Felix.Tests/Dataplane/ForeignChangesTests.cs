using Canal.Felix.Dataplane.Nftables;
using Canal.Linux.Nftables;

namespace Canal.Felix.Tests.Dataplane;

public sealed class ForeignChangesTests
{
    private static readonly NftEvent Change = new(NftEventKind.TableChanged, 1, 42, "nft");
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void The_first_change_is_due_at_once_and_the_next_after_a_rest()
    {
        ForeignChanges changes = new();
        Assert.Null(changes.Due);
        changes.Note(Change);
        Assert.True(changes.Due <= Start);
        Assert.True(changes.Repaired(Start, TimeSpan.FromMilliseconds(1)));
        Assert.Null(changes.Due);
        changes.Note(Change);
        changes.Note(Change);
        Assert.Equal((Start + TimeSpan.FromMilliseconds(100), 2, 42u), (changes.Due, changes.Count, changes.Last.ProcessId));
    }

    [Fact]
    public void Long_repairs_are_rested_from_longer()
    {
        ForeignChanges changes = new();
        changes.Note(Change);
        changes.Repaired(Start, TimeSpan.FromSeconds(1));
        changes.Note(Change);
        Assert.Equal(Start + TimeSpan.FromSeconds(4), changes.Due);
    }

    [Fact]
    public void A_storm_is_told_of_every_ten_seconds()
    {
        ForeignChanges changes = new();
        List<int> told = [];
        for (int i = 0; i < 1200; i++)
        {
            changes.Note(Change);
            int before = changes.Untold;
            if (changes.Repaired(Start + i * TimeSpan.FromMilliseconds(100), TimeSpan.Zero)) told.Add(before);
        }
        Assert.InRange(told.Count, 30, 30 + 13);
        Assert.InRange(told[^1], 90, 110);
    }
}
