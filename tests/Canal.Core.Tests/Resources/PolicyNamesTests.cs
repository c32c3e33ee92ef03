using Canal.Core.Resources;

namespace Canal.Core.Tests.Resources;

public sealed class PolicyNamesTests
{
    [Theory]
    [InlineData("default.foo", "", null, "foo")]
    [InlineData("default.foo", "default", null, "foo")]
    [InlineData("default.default.foo", "default", null, "default.foo")]
    [InlineData("default.foo", "sec", null, "default.foo")]
    [InlineData("foo", "default", null, "foo")]
    [InlineData("default.foo", "default", """{"name":"bar"}""", "bar")]
    [InlineData("default.foo", "default", "", "foo")]
    [InlineData("default.foo", "default", "broken", "foo")]
    [InlineData("default.foo", "default", """{"name":7}""", "foo")]
    [InlineData("default.foo", "default", "[]", "foo")]
    [InlineData("sec.foo", "sec", """{"name":"sec.foo"}""", "sec.foo")]
    public void The_name_to_show_is_the_annotations_else_the_stored_one_without_its_prefix(string stored, string tier, string? annotation, string shown) =>
        Assert.Equal(shown, PolicyNames.Display(stored, tier, annotation));

    [Theory]
    [InlineData("foo", "foo default.foo")]
    [InlineData("sec.foo", "sec.foo")]
    [InlineData("default.foo", "default.foo")]
    public void A_policy_is_looked_for_under_the_names_of_both_eras(string name, string candidates) =>
        Assert.Equal(candidates, string.Join(' ', PolicyNames.Candidates(name).ToArray()));

    [Theory]
    [InlineData("foo", PolicyNameStyle.Verbatim, "foo")]
    [InlineData("foo", PolicyNameStyle.Prefixed, "default.foo")]
    [InlineData("sec.foo", PolicyNameStyle.Prefixed, "sec.foo")]
    [InlineData("ossg.default.foo", PolicyNameStyle.Prefixed, "ossg.default.foo")]
    public void A_new_policy_is_stored_as_the_style_says(string name, PolicyNameStyle style, string stored) => Assert.Equal(stored, PolicyNames.StoredName(name, style));

    [Fact]
    public void The_annotation_is_JSON() => Assert.Equal("""{"name":"a\"b"}""", PolicyNames.AnnotationFor("a\"b"));
}
