using Canal.Core.Labels;
using static Canal.Core.Tests.Labels.Sample;

namespace Canal.Core.Tests.Labels;

public sealed class SelectorIndexTests
{
    private readonly SelectorIndex index = new();

    [Fact]
    public void A_match_starts_whichever_comes_first()
    {
        Assert.Empty(SetSelector(1, "a == 'x'"));
        Assert.Equal([Started(1, 7)], SetItem(7, "a=x"));
        Assert.Equal([Started(2, 7)], SetSelector(2, "has(a)"));
    }

    [Fact]
    public void Setting_what_is_already_so_changes_nothing()
    {
        SetSelector(1, "has(a)");
        SetItem(7, "a=x b=y", "p", "q");
        Assert.Empty(SetItem(7, "b=y a=x", "p", "q", "p"));
        Assert.Empty(SetSelector(1, " has( a ) "));
        Assert.Empty(Do(changes => index.RemoveItem(8, changes)));
        Assert.Empty(Do(changes => index.RemoveSelector(9, changes)));
        Assert.Empty(Do(changes => index.RemoveParent("unheard-of", changes)));
    }

    [Fact]
    public void A_match_stops_when_the_label_the_item_or_the_selector_goes()
    {
        SetSelector(1, "a == 'x'");
        SetItem(7, "a=x");
        Assert.Equal([Stopped(1, 7)], SetItem(7, "a=y"));
        SetItem(7, "a=x");
        Assert.Equal([Stopped(1, 7)], Do(changes => index.RemoveItem(7, changes)));
        SetItem(7, "a=x");
        Assert.Equal([Stopped(1, 7)], Do(changes => index.RemoveSelector(1, changes)));
        Assert.Equal((1, 0), (index.ItemCount, index.SelectorCount));
    }

    [Fact]
    public void A_changed_selector_reports_only_the_difference()
    {
        SetItem(1, "a=x");
        SetItem(2, "a=x b=y");
        SetItem(3, "b=y");
        SetSelector(5, "has(a)");
        Assert.Equal([Stopped(5, 1), Started(5, 3)], SetSelector(5, "has(b)"));
    }

    [Fact]
    public void Labels_of_a_parent_appear_change_and_vanish()
    {
        SetSelector(1, "env == 'prod'");
        Assert.Empty(SetItem(7, "", "kns.shop"));
        Assert.Equal([Started(1, 7)], SetParent("kns.shop", "env=prod"));
        Assert.Empty(SetParent("kns.shop", "env=prod"));
        Assert.Equal([Stopped(1, 7)], SetParent("kns.shop", "env=test"));
        SetParent("kns.shop", "env=prod");
        Assert.Equal([Stopped(1, 7)], Do(changes => index.RemoveParent("kns.shop", changes)));
    }

    [Fact]
    public void Own_labels_hide_a_parents_and_the_first_parent_hides_the_next()
    {
        SetParent("first", "a=first");
        SetParent("second", "a=second b=second");
        SetSelector(1, "a == 'first'");
        SetSelector(2, "a == 'second'");
        SetSelector(3, "b == 'second'");
        Assert.Equal([Started(1, 7), Started(3, 7)], SetItem(7, "", "first", "second"));
        Assert.Equal([Stopped(1, 7), Started(2, 7)], SetItem(7, "", "second", "first"));
        Assert.Equal([Stopped(2, 7)], SetItem(7, "a=own", "second", "first"));
        Assert.Empty(Do(changes => index.RemoveParent("first", changes)));
    }

    [Fact]
    public void Selectors_that_ask_for_no_label_match_bare_items()
    {
        SetSelector(1, "all()");
        SetSelector(2, "!has(a)");
        SetSelector(3, "a != 'x'");
        SetSelector(4, "a in {}");
        Assert.Equal([Started(1, 7), Started(2, 7), Started(3, 7)], SetItem(7, ""));
        Assert.Equal([Stopped(2, 7), Stopped(3, 7)], SetItem(7, "a=x"));
        Assert.Equal([Started(3, 7)], SetItem(7, "a=y"));
    }

    [Fact]
    public void Matches_can_be_asked_for_from_both_sides()
    {
        SetItem(1, "a=x");
        SetItem(2, "a=y");
        SetSelector(5, "has(a)");
        SetSelector(6, "a == 'y'");
        var items = new List<int>();
        index.CollectItems(5, items);
        Assert.Equal([1, 2], items.Order());
        var selectors = new List<int>();
        index.CollectSelectors(2, selectors);
        Assert.Equal([5, 6], selectors.Order());
        Assert.True(index.Matches(6, 2));
        Assert.False(index.Matches(6, 1));
        Assert.False(index.Matches(6, 99));
        Assert.False(index.Matches(99, 1));
    }

    [Fact]
    public void Labels_that_vanish_leave_nothing_behind()
    {
        for (int i = 0; i < 1000; i++)
        {
            SetParent("p", $"unique={i}");
            SetSelector(1, $"name == 'n{i}' || unique in {{'{i}', 'x'}}");
            SetItem(1, $"name=n{i} common=c{i % 3}", "p", $"q{i}");
        }
        Do(changes => index.RemoveItem(1, changes));
        Do(changes => index.RemoveParent("p", changes));
        Do(changes => index.RemoveSelector(1, changes));
        Assert.Equal((0, 0, 0), index.Remembered);
    }

    [Fact]
    public void An_item_with_very_many_labels_is_indexed()
    {
        SetSelector(1, "l77777 == '77777'");
        var labels = Enumerable.Range(0, 100_000).ToDictionary(i => $"l{i}", i => $"{i}");
        Assert.Equal([Started(1, 3)], Do(changes => index.SetItem(3, [.. labels], [], changes)));
        labels["l77777"] = "";
        Assert.Equal([Stopped(1, 3)], Do(changes => index.SetItem(3, [.. labels], [], changes)));
    }

    [Fact]
    public void A_changed_label_tries_only_the_selectors_it_concerns()
    {
        for (int i = 0; i < 500; i++)
        {
            SetSelector(i, $"app == 'app-{i}'");
            SetSelector(1000 + i, $"common == 'yes' && has(rare-{i})");
            SetItem(i, $"app=app-{i} common=yes rare-{i}= other=1");
        }
        long before = index.Evaluations;
        Assert.Equal([Stopped(7, 7), Started(8, 7)], SetItem(7, "app=app-8 common=yes rare-7= other=1"));
        Assert.InRange(index.Evaluations - before, 2, 4);
        before = index.Evaluations;
        Assert.Empty(SetItem(7, "app=app-8 common=yes rare-7= other=2"));
        Assert.Equal(before, index.Evaluations);
    }

    [Fact]
    public void A_selector_tried_in_vain_moves_to_a_label_that_has_become_rarer()
    {
        for (int i = 0; i < 10; i++)
            SetItem(i, "app=x");
        for (int i = 0; i < 100; i++)
            SetSelector(i, $"common == 'yes' && app == 'x' && !has(absent-{i})");
        for (int i = 10; i < 1000; i++)
            SetItem(i, "common=yes app=y");
        Assert.InRange(index.Evaluations, 1, 100 * 100);
        Assert.Equal(100, SetItem(5, "common=yes app=x").Count);
    }

    [Fact]
    public void A_null_value_is_an_empty_one()
    {
        var labels = new Dictionary<string, string> { ["a"] = null! };
        SetSelector(1, "a == '' && a contains ''");
        Assert.Equal([Started(1, 7)], Do(changes => index.SetItem(7, [.. labels], [], changes)));
        Assert.True(Selector("a == '' && a contains ''").Evaluate(labels));
    }

    [Fact]
    public void Negative_numbers_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => SetItem(-1, ""));
        Assert.Throws<ArgumentOutOfRangeException>(() => SetSelector(-1, ""));
    }

    private static MatchChange Started(int selector, int item) => new(selector, item, MatchChangeKind.Started);

    private static MatchChange Stopped(int selector, int item) => new(selector, item, MatchChangeKind.Stopped);

    private List<MatchChange> SetItem(int item, string labels, params string[] parents) => Do(changes => index.SetItem(item, [.. Sample.Labels(labels)], parents, changes));

    private List<MatchChange> SetParent(string parent, string labels) => Do(changes => index.SetParent(parent, [.. Sample.Labels(labels)], changes));

    private List<MatchChange> SetSelector(int selector, string text) => Do(changes => index.SetSelector(selector, Selector(text), changes));

    /// <summary>The changes an action appends, by selector, then item.</summary>
    private static List<MatchChange> Do(Action<List<MatchChange>> action)
    {
        var changes = new List<MatchChange>();
        action(changes);
        changes.Sort((x, y) => (x.Selector, x.Item).CompareTo((y.Selector, y.Item)));
        return changes;
    }
}
