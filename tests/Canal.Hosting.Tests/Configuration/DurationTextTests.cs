using CsCheck;

namespace Canal.Hosting.Tests;

public sealed class DurationTextTests
{
    [Theory]
    [InlineData("90s", 90_000)]
    [InlineData("1m30s", 90_000)]
    [InlineData("500ms", 500)]
    [InlineData("0s", 0)]
    [InlineData("1.5h", 5_400_000)]
    [InlineData("1d2h3m4s5ms", 93_784_005)]
    [InlineData("90m", 5_400_000)]
    public void A_duration_is_numbers_with_units(string text, long milliseconds)
    {
        Assert.True(DurationText.TryParse(text, out TimeSpan duration));
        Assert.Equal(milliseconds, duration.TotalMilliseconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("90")]
    [InlineData("s")]
    [InlineData("-1s")]
    [InlineData("+1s")]
    [InlineData("1 s")]
    [InlineData("1s1m")]
    [InlineData("1s1s")]
    [InlineData("1S")]
    [InlineData("1.s.")]
    [InlineData(".5s")]
    [InlineData("1e3s")]
    [InlineData("99999999999d")]
    [InlineData("10675199d23h")]
    [InlineData("99999999999999999999999999999999999999999s")]
    public void Anything_else_is_refused(string text) => Assert.False(DurationText.TryParse(text, out _));

    [Fact]
    public void What_is_printed_reads_back() => Gen.Long[0, TimeSpan.MaxValue.Ticks / 10].Sample(microseconds =>
    {
        TimeSpan duration = TimeSpan.FromTicks(microseconds * 10);
        Assert.True(DurationText.TryParse(DurationText.Format(duration), out TimeSpan back), DurationText.Format(duration));
        Assert.Equal(duration, back);
    });
}
