using Canal.Core.Labels;

namespace Canal.Core.Tests.Labels;

/// <summary>Passes every change to an index and checks what it reports against evaluating everything.</summary>
internal sealed class NaiveIndex(SelectorIndex index)
{
    private readonly Dictionary<int, (Dictionary<string, string> Labels, List<string> Parents)> items = [];
    private readonly Dictionary<string, Dictionary<string, string>> parents = [];
    private readonly Dictionary<int, Selector> selectors = [];
    private readonly HashSet<(int Selector, int Item)> reported = [];
    private readonly List<MatchChange> changes = [];

    public void SetItem(int item, Dictionary<string, string> labels, List<string> parentNames)
    {
        items[item] = (labels, parentNames);
        index.SetItem(item, [.. labels], [.. parentNames], changes);
        Check();
    }

    public void RemoveItem(int item)
    {
        items.Remove(item);
        index.RemoveItem(item, changes);
        Check();
    }

    public void SetParent(string parent, Dictionary<string, string> labels)
    {
        parents[parent] = labels;
        index.SetParent(parent, [.. labels], changes);
        Check();
    }

    public void RemoveParent(string parent)
    {
        parents.Remove(parent);
        index.RemoveParent(parent, changes);
        Check();
    }

    public void SetSelector(int selector, Selector expression)
    {
        selectors[selector] = expression;
        index.SetSelector(selector, expression, changes);
        Check();
    }

    public void RemoveSelector(int selector)
    {
        selectors.Remove(selector);
        index.RemoveSelector(selector, changes);
        Check();
    }

    /// <summary>Sets all that is there once more, which must report nothing.</summary>
    public void Repeat()
    {
        foreach ((int item, (Dictionary<string, string> labels, List<string> parentNames)) in items)
            index.SetItem(item, [.. labels.Reverse()], [.. parentNames, .. parentNames], changes);
        foreach ((string parent, Dictionary<string, string> labels) in parents)
            index.SetParent(parent, [.. labels], changes);
        foreach ((int selector, Selector expression) in selectors)
            index.SetSelector(selector, expression, changes);
        Assert.Empty(changes);
        CheckQueries();
    }

    /// <summary>Empties the index, which must then hold nothing.</summary>
    public void RemoveAll()
    {
        foreach (string parent in parents.Keys.ToArray())
            RemoveParent(parent);
        foreach (int item in items.Keys.ToArray())
            RemoveItem(item);
        foreach (int selector in selectors.Keys.ToArray())
            RemoveSelector(selector);
        Assert.Equal((0, 0), (index.ItemCount, index.SelectorCount));
        Assert.Equal((0, 0, 0), index.Remembered);
    }

    private void Check()
    {
        foreach (MatchChange change in changes)
        {
            bool fresh = change.Kind is MatchChangeKind.Started ? reported.Add((change.Selector, change.Item)) : reported.Remove((change.Selector, change.Item));
            Assert.True(fresh, $"{change} was reported already");
        }
        changes.Clear();
        int matching = 0;
        foreach ((int item, (Dictionary<string, string> labels, List<string> parentNames)) in items)
        {
            List<Dictionary<string, string>> known = [.. parentNames.Where(parents.ContainsKey).Select(parent => parents[parent])];
            foreach ((int selector, Selector expression) in selectors)
            {
                bool matches = expression.Evaluate(labels, known);
                matching += matches ? 1 : 0;
                if (matches != reported.Contains((selector, item)))
                    Assert.Fail($"selector {selector} {expression}, item {item}: evaluates to {matches}");
            }
        }
        Assert.Equal(matching, reported.Count);
    }

    private void CheckQueries()
    {
        var collected = new List<int>();
        foreach (int selector in selectors.Keys)
        {
            collected.Clear();
            index.CollectItems(selector, collected);
            Assert.Equal(reported.Where(match => match.Selector == selector).Select(match => match.Item).Order(), collected.Order());
            Assert.All(items.Keys, item => Assert.Equal(reported.Contains((selector, item)), index.Matches(selector, item)));
        }
        foreach (int item in items.Keys)
        {
            collected.Clear();
            index.CollectSelectors(item, collected);
            Assert.Equal(reported.Where(match => match.Item == item).Select(match => match.Selector).Order(), collected.Order());
        }
    }
}
