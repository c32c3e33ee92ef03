using Canal.Core.Addressing;

namespace Canal.Core.Tests.Addressing;

public sealed class MacAddressTests
{
    [Theory]
    [InlineData("ee:EE:0a:9F:00:02")]
    [InlineData("ee-EE-0a-9F-00-02")]
    [InlineData("eeEE.0a9F.0002")]
    public void Three_forms_are_one_address(string text)
    {
        Assert.True(MacAddress.TryParse(text, out MacAddress mac));
        Assert.Equal("ee:ee:0a:9f:00:02", mac.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("ee:ee:ee:ee:ee")]
    [InlineData("ee:ee:ee:ee:ee:0g")]
    [InlineData("ee:ee-ee:ee:ee:00")]
    [InlineData("eeee.eeee:eeee")]
    [InlineData("ee:ee:ee:ee:ee:0:0")]
    public void Other_text_is_none(string text) => Assert.False(MacAddress.TryParse(text, out _));
}
