using Canal.Core.Labels;
using CsCheck;

namespace Canal.Core.Tests.Labels;

/// <summary>The index says after every step of a random sequence what evaluating every selector against every item says.</summary>
public sealed class SelectorIndexProperties
{
    private static readonly Gen<string> Parent = Gen.OneOf("p", "q", "r");

    private static readonly Gen<Action<NaiveIndex>> Step = Gen.Frequency<Action<NaiveIndex>>(
        (6, Gen.Select(Gen.Int[0, 5], SelectorGenerators.Labels, Parent.List[0, 3]).Select<int, Dictionary<string, string>, List<string>, Action<NaiveIndex>>(
            (item, labels, parents) => naive => naive.SetItem(item, labels, parents))),
        (2, Gen.Int[0, 6].Select<int, Action<NaiveIndex>>(item => naive => naive.RemoveItem(item))),
        (3, Gen.Select(Parent, SelectorGenerators.Labels).Select<string, Dictionary<string, string>, Action<NaiveIndex>>(
            (parent, labels) => naive => naive.SetParent(parent, labels))),
        (2, Parent.Select<string, Action<NaiveIndex>>(parent => naive => naive.RemoveParent(parent))),
        (4, Gen.Select(Gen.Int[0, 7], SelectorGenerators.Tree(2)).Select<int, SelectorNode, Action<NaiveIndex>>(
            (selector, node) => naive => naive.SetSelector(selector, new Selector(node)))),
        (1, Gen.Int[0, 8].Select<int, Action<NaiveIndex>>(selector => naive => naive.RemoveSelector(selector))),
        (1, Gen.Const<Action<NaiveIndex>>(naive => naive.Repeat())));

    [Theory]
    [InlineData(1, 0, 10, 40, 1000)]
    [InlineData(64, 8, 10, 40, 250)]
    [InlineData(8, 0, 200, 400, 30)]
    public void The_index_equals_naive_evaluation_after_every_step(int patience, int few, int shortest, int longest, int sequences) =>
        Step.List[shortest, longest].Sample(
            steps =>
            {
                var naive = new NaiveIndex(new SelectorIndex(patience, few));
                foreach (Action<NaiveIndex> step in steps)
                    step(naive);
                naive.RemoveAll();
            },
            iter: sequences);
}
