using System.Text;
using Canal.Core.Labels;
using CsCheck;

namespace Canal.Core.Tests.Labels;

public sealed class SelectorProperties
{
    [Fact]
    public void Reading_what_was_printed_gives_the_same_tree() => SelectorGenerators.PlainTree(4).Sample(
        node => Sample.Selector(node.ToString()).Root.Equals(node),
        iter: 5_000);

    [Fact]
    public void Reading_what_was_printed_means_the_same_even_with_doubled_negations() => Gen.Select(SelectorGenerators.Tree(4), SelectorGenerators.Labels).Sample(
        (node, labels) => Sample.Selector(node.ToString()).Evaluate(labels) == new Selector(node).Evaluate(labels),
        iter: 5_000);

    [Fact]
    public void What_a_selector_matches_meets_its_restrictions() => Gen.Select(SelectorGenerators.Tree(3), SelectorGenerators.Labels).Sample(
        (node, labels) => !new Selector(node).Evaluate(labels) || LabelRestrictions.Of(node).All(pair => Meets(labels, pair.Key, pair.Value)),
        iter: 5_000);

    [Fact]
    public void Any_text_is_read_or_refused_with_a_place_inside_it() => Gen.OneOf(
        Gen.String,
        Gen.OneOf("a", " ", "==", "!", "(", ")", "'x'", "\"", "in", "{", "}", ",", "has(", "all()", "&&", "||", "\0", "é", "\ud800").List[0, 12].Select(string.Concat)).Sample(
        text =>
        {
            bool valid = Selector.TryParse(text, out Selector? selector, out SelectorError? error);
            return valid ? selector is not null && error is null : error!.Offset >= 0 && error.Offset <= Encoding.UTF8.GetByteCount(text);
        },
        iter: 20_000);

    private static bool Meets(Dictionary<string, string> labels, string label, LabelRestriction restriction)
    {
        bool present = labels.TryGetValue(label, out string? value);
        return !(restriction.MustBePresent && !present)
            && !(restriction.MustBeAbsent && present)
            && (restriction.MustHaveOneOfValues is not { } values || values.Contains(value!));
    }
}
