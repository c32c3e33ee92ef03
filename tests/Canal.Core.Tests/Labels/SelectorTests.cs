using Canal.Core.Labels;

namespace Canal.Core.Tests.Labels;

public sealed class SelectorTests
{
    [Theory]
    [InlineData("", "all()")]
    [InlineData(" \t", "all()")]
    [InlineData("tier=='db'", "tier == \"db\"")]
    [InlineData("tier == 'd\"b'", "tier == 'd\"b'")]
    [InlineData("tier startswith 'x'", "tier starts with \"x\"")]
    [InlineData("tier ends\t with 'x'", "tier ends with \"x\"")]
    [InlineData("tier notin{'b','a','b',}", "tier not in {\"a\", \"b\"}")]
    [InlineData("a in {'\uE000', '\U0001F600', 'z'}", "a in {\"z\", \"\uE000\", \"\U0001F600\"}")]
    [InlineData("has(x)&&has(y)||!has(z)", "((has(x) && has(y)) || !has(z))")]
    [InlineData("has(x)&&(has(y)&&has(z))", "(has(x) && (has(y) && has(z)))")]
    [InlineData("((has(x)&&has(y)))", "(has(x) && has(y))")]
    [InlineData("!!!has(x)", "!has(x)")]
    [InlineData("!(!has(x))", "!!has(x)")]
    [InlineData("not not in {'not'}", "not not in {\"not\"}")]
    [InlineData("all contains 'global'", "all contains \"global\"")]
    public void The_canonical_text_is(string text, string canonical) => Assert.Equal(canonical, Sample.Selector(text).ToString());

    [Theory]
    [InlineData("a = 'x'", 2, "expected ==")]
    [InlineData("a == 'x", 5, "unterminated string")]
    [InlineData("a == x", 5, "expected a quoted string")]
    [InlineData("a", 1, "expected operator after label")]
    [InlineData("a like 'x'", 2, "expected operator after label")]
    [InlineData("a in 'x'", 5, "expected '{'")]
    [InlineData("a in {'x' 'y'}", 10, "expected '}'")]
    [InlineData("has(", 4, "expected a label name")]
    [InlineData("has(a", 5, "no closing ')' after has(")]
    [InlineData("(has(a)", 7, "expected ')'")]
    [InlineData("has(a) has(b)", 7, "unexpected text after the selector's end")]
    [InlineData("a == 'é' && é", 13, "unexpected character U+00E9")]
    [InlineData("a\n== 'x'", 1, "unexpected character U+000A")]
    [InlineData("has(a) &&", 9, "expected a label, has(), all(), global(), '!' or '('")]
    public void An_error_says_where_in_bytes_and_what(string text, int offset, string reason)
    {
        Assert.False(Selector.TryParse(text, out Selector? selector, out SelectorError? error));
        Assert.Null(selector);
        Assert.Equal(new SelectorError(offset, reason), error);
    }

    [Fact]
    public void A_label_name_has_at_most_512_bytes()
    {
        Assert.True(Selector.TryParse($"has({new string('a', 512)})", out _, out _));
        Assert.False(Selector.TryParse($"has({new string('a', 513)})", out _, out SelectorError? error));
        Assert.Equal("selector: at byte 4: label name of 513 bytes, the longest allowed has 512", error.ToString());
    }

    [Fact]
    public void Own_labels_come_before_parents_and_earlier_parents_before_later()
    {
        Dictionary<string, string> own = Sample.Labels("a=own"), first = Sample.Labels("a=first b=first"), second = Sample.Labels("b=second c=second");
        Assert.True(Sample.Selector("a == 'own' && b == 'first' && c == 'second' && !has(d)").Evaluate(own, [first, second]));
        Assert.False(Sample.Selector("b == 'first'").Evaluate(own, [second, first]));
    }

    [Fact]
    public void Selectors_are_equal_when_their_canonical_texts_are()
    {
        Assert.Equal(Sample.Selector("a in {'x', \"y\"}"), Sample.Selector("(a in{'y','x','y'})"));
        Assert.Equal(Sample.Selector("a == 'x' && has(b)").Root, Sample.Selector("a=='x'&&has(b)").Root);
        Assert.NotEqual(Sample.Selector("has(a) && has(b)"), Sample.Selector("has(b) && has(a)"));
        Assert.NotEqual(Sample.Selector("has(a) && has(b)").Root, Sample.Selector("has(a) || has(b)").Root);
    }

    [Fact]
    public void Five_hundred_levels_of_parentheses_are_read_and_the_canonical_text_is_read_again()
    {
        string text = "has(x)";
        for (int i = 0; i < 500; i++)
            text = $"!({text} || has(y))";
        Selector selector = Sample.Selector(text);
        Assert.Equal(selector, Sample.Selector(selector.ToString()));
        Assert.True(selector.Evaluate(Sample.Labels("x=1")) == selector.Evaluate(Sample.Labels("x=1 z=2")));
    }

    [Theory]
    [InlineData("(")]
    [InlineData("!(")]
    [InlineData("has(a)&&(has(b)||(")]
    public void A_megabyte_of_nesting_is_an_error(string unit)
    {
        string text = string.Concat(Enumerable.Repeat(unit, (1 << 20) / unit.Length));
        Assert.False(Selector.TryParse(text, out _, out SelectorError? error));
        Assert.Equal("nested more than 512 levels deep", error.Reason);
    }

    [Fact]
    public void A_megabyte_without_nesting_is_read()
    {
        Assert.Equal("has(a)", Sample.Selector(new string('!', 1 << 20) + "has(a)").ToString());
        string[] terms = [.. Enumerable.Range(0, 50_000).Select(i => $"a == 'v{i}'")];
        Selector selector = Sample.Selector(string.Join(" || ", terms));
        Assert.True(selector.Evaluate(Sample.Labels("a=v49999")));
        Assert.Equal(50_000, LabelRestrictions.Of(selector.Root)["a"].MustHaveOneOfValues!.Count);
    }
}
