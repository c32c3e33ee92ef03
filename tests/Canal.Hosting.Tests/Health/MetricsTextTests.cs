namespace Canal.Hosting.Tests;

public sealed class MetricsTextTests
{
    [Fact]
    public void It_is_prometheus_text()
    {
        MetricsText text = new MetricsText().Gauge("up", "It is up.", 1).Summary("took_seconds", "How long.", 3, TimeSpan.FromMilliseconds(1500))
            .Head("host", "gauge", "Which.").Line("host", $"host=\"{MetricsText.Label("a\"b\\c\n")}\"", 0.25);
        Assert.Equal("# HELP up It is up.\n# TYPE up gauge\nup 1\n# HELP took_seconds How long.\n# TYPE took_seconds summary\ntook_seconds_sum 1.5\ntook_seconds_count 3\n"
            + "# HELP host Which.\n# TYPE host gauge\nhost{host=\"a\\\"b\\\\c\\n\"} 0.25\n", text.ToString());
    }
}
