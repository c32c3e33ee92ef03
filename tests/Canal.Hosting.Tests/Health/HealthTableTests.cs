namespace Canal.Hosting.Tests;

public sealed class HealthTableTests
{
    private readonly ManualClock _clock = new();

    [Fact]
    public void The_daemon_is_ready_when_every_part_is()
    {
        HealthTable table = Table();
        HealthReporter startup = table.Register("FelixStartup", HealthAspects.Ready, TimeSpan.Zero);
        HealthReporter graph = table.Register("CalculationGraph", HealthAspects.LiveAndReady, TimeSpan.FromSeconds(20));
        Assert.Equal((true, false), Both(table));
        graph.Report(new HealthReport(Live: true, Ready: true));
        Assert.Equal((true, false), Both(table));
        startup.Report(new HealthReport(Live: false, Ready: true));
        Assert.Equal((true, true), Both(table));
        graph.Report(new HealthReport(Live: false, Ready: true));
        Assert.Equal((false, true), Both(table));
    }

    [Fact]
    public void A_part_that_is_late_is_neither_live_nor_ready_until_it_reports_again()
    {
        HealthTable table = Table();
        HealthReporter loop = table.Register("InternalDataplaneMainLoop", HealthAspects.LiveAndReady, TimeSpan.FromSeconds(90));
        loop.Report(new HealthReport(Live: true, Ready: true));
        _clock.Advance(TimeSpan.FromSeconds(90));
        Assert.Equal((true, true), Both(table));
        _clock.Advance(TimeSpan.FromTicks(1));
        Assert.Equal((false, false), Both(table));
        loop.Report(new HealthReport(Live: true, Ready: true));
        Assert.Equal((true, true), Both(table));
    }

    [Fact]
    public void A_part_that_never_reported_is_late_too_and_one_without_a_timeout_never()
    {
        HealthTable table = Table();
        table.Register("FelixStartup", HealthAspects.Ready, TimeSpan.Zero).Report(new HealthReport(Live: true, Ready: true));
        _clock.Advance(TimeSpan.FromDays(9));
        Assert.Equal((true, true), Both(table));
        table.Register("CalculationGraph", HealthAspects.Live, TimeSpan.FromSeconds(20));
        Assert.Equal((true, true), Both(table));
        _clock.Advance(TimeSpan.FromSeconds(21));
        Assert.Equal((false, true), Both(table));
    }

    [Fact]
    public void A_timeout_may_change_at_any_time()
    {
        HealthTable table = Table();
        HealthReporter part = table.Register("CalculationGraph", HealthAspects.Live, TimeSpan.FromSeconds(20));
        _clock.Advance(TimeSpan.FromSeconds(21));
        Assert.False(table.Is(HealthAspects.Live));
        part.Timeout = TimeSpan.FromMinutes(5);
        Assert.True(table.Is(HealthAspects.Live));
        Assert.Throws<ArgumentException>(() => table.Register("CalculationGraph", HealthAspects.Live, TimeSpan.Zero));
    }

    [Fact]
    public void Overrides_are_by_name_and_the_last_of_a_name_wins() =>
        Assert.Equal(new Dictionary<string, TimeSpan> { ["CalculationGraph"] = TimeSpan.FromMinutes(5), ["Other"] = TimeSpan.FromSeconds(1) },
            HealthTimeouts.Parse(["CalculationGraph=1s", "CalculationGraph=5m", " Other = 1s ", "wrong"]));

    [Theory]
    [InlineData("a=5s", true)]
    [InlineData("=5s", false)]
    [InlineData("5s", false)]
    [InlineData("a=5", false)]
    [InlineData("a=", false)]
    [InlineData("", false)]
    public void An_override_is_a_name_and_a_duration(string item, bool right) => Assert.Equal(right, HealthTimeouts.Wrong(item) is null);

    [Fact]
    public void The_table_has_a_line_for_each_part()
    {
        HealthTable table = Table();
        Assert.Equal("", table.Text());
        table.Register("FelixStartup", HealthAspects.Ready, TimeSpan.Zero).Report(new HealthReport(Live: true, Ready: true));
        table.Register("CalculationGraph", HealthAspects.LiveAndReady, TimeSpan.FromSeconds(20)).Report(new HealthReport(Live: true, Ready: false, "reading\n\u001betcd"));
        Assert.Equal(
            "REPORTER                     TIMEOUT  LIVE  READY DETAIL\n" +
            "FelixStartup                 -        -     yes\n" +
            "CalculationGraph             20s      yes   NO    reading\\n\\x1betcd\n", table.Text());
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Contains("CalculationGraph             20s      NO    NO    timed out\n", table.Text(), StringComparison.Ordinal);
    }

    private HealthTable Table() => new(_clock);

    private static (bool Live, bool Ready) Both(HealthTable table) => (table.Is(HealthAspects.Live), table.Is(HealthAspects.Ready));
}
