using System.Text.Json;
using Canal.Core.Labels;
using Canal.Testing;

namespace Canal.Core.Tests.Labels;

/// <summary>Calico's own tables. Every record is checked; the first failing ones are all named.</summary>
public sealed class SelectorConformanceTests
{
    [Fact]
    public void Texts_are_accepted_and_named_as_by_Calico() => ForEach("selector_parse.json", 144, record =>
    {
        string text = Text(record, "selector");
        bool valid = Selector.TryParse(text, out Selector? selector, out _);
        if (valid != record.GetProperty("valid").GetBoolean())
            return $"valid is {valid}";
        if (!valid)
            return null;
        string? canonical = Optional(record, "canonical");
        if (canonical is not null && canonical != selector!.ToString())
            return $"canonical is {selector}";
        string? uid = Optional(record, "uid");
        return uid is not null && uid != selector!.Id ? $"id is {selector.Id}" : null;
    });

    [Fact]
    public void Selectors_match_as_in_Calico() => ForEach("selector_eval.json", 98, record =>
    {
        var labels = record.GetProperty("labels").EnumerateObject().ToDictionary(label => label.Name, label => label.Value.GetString()!);
        bool matches = Sample.Selector(Text(record, "selector")).Evaluate(labels);
        return matches == record.GetProperty("match").GetBoolean() ? null : $"matches is {matches}";
    });

    [Fact]
    public void Texts_are_cut_into_the_same_tokens() => ForEach("selector_tokens.json", 49, record =>
    {
        string? tokens = Tokens(Text(record, "input"));
        string? expected = record.GetProperty("valid").GetBoolean()
            ? string.Join(' ', record.GetProperty("tokens").EnumerateArray().Select(token => string.Join(':', token.EnumerateArray().Select(part => part.GetString()))))
            : null;
        return tokens == expected ? null : $"tokens are {tokens}, not {expected}";
    });

    [Fact]
    public void Prefixed_selectors_read_the_same() => ForEach("selector_prefix.json", 11, record =>
    {
        string result = Sample.Selector(Text(record, "selector")).WithPrefix(Text(record, "prefix")).ToString();
        return result == Text(record, "result") ? null : result;
    });

    [Fact]
    public void Restrictions_are_the_same() => ForEach("label_restrictions.json", 32, record =>
    {
        string restrictions = Show(LabelRestrictions.Of(Sample.Selector(Text(record, "selector")).Root).Select(pair =>
            (pair.Key, pair.Value.MustBePresent, pair.Value.MustBeAbsent, (IEnumerable<string>?)pair.Value.MustHaveOneOfValues)));
        string expected = Show(record.GetProperty("restrictions").EnumerateObject().Select(label =>
            (label.Name, Flag(label.Value, "mustBePresent"), Flag(label.Value, "mustBeAbsent"), Values(label.Value))));
        return restrictions == expected ? null : $"{restrictions}, not {expected}";
    });

    [Fact]
    public void Rules_are_compared_with_the_same_sets() => ForEach("rule_selector_rewrite.json", 14, record =>
    {
        var entity = new RuleEntitySelectors(
            Text(record, "selector"),
            Text(record, "notSelector"),
            Text(record, "namespaceSelector"),
            [.. record.GetProperty("serviceAccountNames").EnumerateArray().Select(name => name.GetString()!)],
            Text(record, "serviceAccountSelector"));
        if (!EffectiveSelector.TryForRuleEntity(Text(record, "policyNamespace"), entity, out RuleMatchSets? sets, out SelectorError? error))
            return error.ToString();
        bool same = Optional(record, "matchSet") == sets.Match?.ToString() && Optional(record, "matchSetUid") == sets.Match?.Id
            && Optional(record, "notMatchSet") == sets.NotMatch?.ToString() && Optional(record, "notMatchSetUid") == sets.NotMatch?.Id;
        return same ? null : $"match {sets.Match}, not match {sets.NotMatch}";
    });

    private static void ForEach(string file, int atLeast, Func<JsonElement, string?> check)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Conformance.Require(Path.Combine("calico", file))));
        JsonElement[] records = [.. document.RootElement.EnumerateArray()];
        Assert.True(records.Length >= atLeast, $"{file} has only {records.Length} records");
        Assert.Empty(records.Select(record => (record, difference: check(record))).Where(pair => pair.difference is not null).Select(pair => $"{pair.record}: {pair.difference}"));
    }

    /// <summary>The tokens in the notation of the data, or null when the text cannot be cut.</summary>
    private static string? Tokens(string text)
    {
        var lexer = new SelectorLexer(text);
        var tokens = new List<string>();
        while (lexer.TryRead(out SelectorToken token, out _))
        {
            tokens.Add(Show(token));
            if (token.Kind is SelectorTokenKind.End)
                return string.Join(' ', tokens);
        }
        return null;
    }

    private static string Show(SelectorToken token) => token.Kind switch
    {
        SelectorTokenKind.Label => $"LABEL:{token.Text}",
        SelectorTokenKind.String => $"STRING:{token.Text}",
        SelectorTokenKind.Has => $"has:{token.Text}",
        SelectorTokenKind.All => "all",
        SelectorTokenKind.Global => "global",
        SelectorTokenKind.Equal => "==",
        SelectorTokenKind.NotEqual => "!=",
        SelectorTokenKind.Contains => "contains",
        SelectorTokenKind.StartsWith => "starts with",
        SelectorTokenKind.EndsWith => "ends with",
        SelectorTokenKind.In => "in",
        SelectorTokenKind.NotIn => "not in",
        SelectorTokenKind.Not => "!",
        SelectorTokenKind.And => "&&",
        SelectorTokenKind.Or => "||",
        SelectorTokenKind.OpenParenthesis => "(",
        SelectorTokenKind.CloseParenthesis => ")",
        SelectorTokenKind.OpenBrace => "{",
        SelectorTokenKind.CloseBrace => "}",
        SelectorTokenKind.Comma => ",",
        SelectorTokenKind.End => "EOF",
        _ => throw new ArgumentOutOfRangeException(nameof(token), token.Kind, null),
    };

    private static string Show(IEnumerable<(string Label, bool Present, bool Absent, IEnumerable<string>? Values)> restrictions) => string.Join(
        "; ",
        restrictions.OrderBy(r => r.Label, StringComparer.Ordinal).Select(r => $"{r.Label} {r.Present} {r.Absent} {(r.Values is null ? "any" : string.Join(',', r.Values.Order(StringComparer.Ordinal)))}"));

    private static IEnumerable<string>? Values(JsonElement restriction) =>
        restriction.TryGetProperty("mustHaveOneOfValues", out JsonElement values) ? values.EnumerateArray().Select(value => value.GetString()!) : null;

    private static bool Flag(JsonElement restriction, string name) => restriction.TryGetProperty(name, out JsonElement flag) && flag.GetBoolean();

    private static string Text(JsonElement record, string name) => record.GetProperty(name).GetString()!;

    private static string? Optional(JsonElement record, string name) => record.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;
}
