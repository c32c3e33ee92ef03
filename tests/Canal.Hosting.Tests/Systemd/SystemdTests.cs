using System.Collections.Immutable;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Canal.Hosting.Tests;

public sealed class SystemdTests
{
    private static readonly ImmutableDictionary<string, string> Nothing = ImmutableDictionary<string, string>.Empty;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Systemd_is_told_at_a_path_and_at_an_abstract_name(bool isAbstract)
    {
        using TemporaryFolder folder = new();
        string name = folder.At("notify");
        using DatagramSocket systemd = new(isAbstract ? "\0" + name : name);
        using SystemdNotifier notifier = SystemdNotifier.FromEnvironment(Nothing.Add("NOTIFY_SOCKET", isAbstract ? "@" + name : name), new ManualClock());

        Assert.True(notifier.Ready("in sync"));
        Assert.True(notifier.Status("two\nREADY=1"));
        Assert.True(notifier.Reloading());
        Assert.True(notifier.Watchdog());
        Assert.True(notifier.Stopping("bye"));

        Assert.Equal("READY=1\nSTATUS=in sync", systemd.ReceiveText());
        Assert.Equal("STATUS=two\\nREADY=1", systemd.ReceiveText());
        Assert.Equal("RELOADING=1\nMONOTONIC_USEC=86400000000", systemd.ReceiveText());
        Assert.Equal("WATCHDOG=1", systemd.ReceiveText());
        Assert.Equal("STOPPING=1\nSTATUS=bye", systemd.ReceiveText());
    }

    [Fact]
    public void Without_systemd_nobody_is_told_and_a_vanished_socket_is_no_error()
    {
        using SystemdNotifier alone = SystemdNotifier.FromEnvironment(Nothing, TimeProvider.System);
        Assert.False(alone.Ready("x"));
        using SystemdNotifier vanished = SystemdNotifier.FromEnvironment(Nothing.Add("NOTIFY_SOCKET", "/no/such/socket"), TimeProvider.System);
        Assert.False(vanished.Watchdog());
        FormatException error = Assert.Throws<FormatException>(() => SystemdNotifier.FromEnvironment(Nothing.Add("NOTIFY_SOCKET", "relative"), TimeProvider.System));
        Assert.Equal("NOTIFY_SOCKET=relative: neither a path nor an abstract address", error.Message);
    }

    [Fact]
    public void The_monotonic_time_is_the_kernels()
    {
        using TemporaryFolder folder = new();
        using DatagramSocket systemd = new(folder.At("notify"));
        using SystemdNotifier notifier = SystemdNotifier.FromEnvironment(Nothing.Add("NOTIFY_SOCKET", folder.At("notify")), TimeProvider.System);
        long before = Monotonic();
        notifier.Reloading();
        long after = Monotonic();
        Assert.InRange(long.Parse(systemd.ReceiveText().Split('=')[^1]), before, after);
    }

    [Fact]
    public void The_watchdog_is_due_every_third_of_its_time()
    {
        ManualClock clock = new();
        WatchdogTimer watchdog = WatchdogTimer.FromEnvironment(Nothing.Add("WATCHDOG_USEC", "3000000").Add("WATCHDOG_PID", "42"), 42, clock);
        Assert.Equal((TimeSpan.FromSeconds(1), false), (watchdog.Interval, watchdog.Due()));
        clock.Advance(TimeSpan.FromMilliseconds(999));
        Assert.Equal((TimeSpan.FromMilliseconds(1), false), (watchdog.UntilDue, watchdog.Due()));
        clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal((TimeSpan.Zero, true), (watchdog.UntilDue, watchdog.Due()));
        Assert.False(watchdog.Due());
        clock.Advance(TimeSpan.FromHours(1));
        Assert.True(watchdog.Due());
        Assert.False(watchdog.Due());
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData("3000000", "41")]
    [InlineData("0", null)]
    [InlineData("x", null)]
    [InlineData("-1", null)]
    [InlineData("99999999999999999999", null)]
    public void No_watchdog_or_one_of_another_process_is_never_due(string? microseconds, string? process)
    {
        ImmutableDictionary<string, string> environment = Nothing;
        if (microseconds is not null)
            environment = environment.Add("WATCHDOG_USEC", microseconds);
        if (process is not null)
            environment = environment.Add("WATCHDOG_PID", process);
        ManualClock clock = new();
        WatchdogTimer watchdog = WatchdogTimer.FromEnvironment(environment, 42, clock);
        clock.Advance(TimeSpan.FromDays(1));
        Assert.False(watchdog.Due());
        Assert.Equal((null, Timeout.InfiniteTimeSpan), (watchdog.Interval, watchdog.UntilDue));
    }

    [Fact]
    public async Task A_hang_up_asks_for_one_reload_and_a_termination_stops()
    {
        using Signals signals = new();
        CancellationToken patience = new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token;
        Kill("HUP");
        Assert.True(await signals.Reloads.ReadAsync(patience));
        Assert.False(signals.Stop.IsCancellationRequested);
        Kill("TERM");
        TaskCompletionSource stopped = new();
        await using CancellationTokenRegistration registration = signals.Stop.Register(stopped.SetResult);
        await stopped.Task.WaitAsync(patience);
    }

    [Fact]
    public void Directories_come_from_systemd_or_are_the_usual_ones()
    {
        Assert.Equal(new RuntimePaths("/var/lib/canal", "/run/canal", "/etc/canal"), RuntimePaths.FromEnvironment(Nothing));
        Assert.Equal(new RuntimePaths("/s", "/r", "/c"), RuntimePaths.FromEnvironment(
            Nothing.Add("STATE_DIRECTORY", "/s:/other").Add("RUNTIME_DIRECTORY", "/r").Add("CONFIGURATION_DIRECTORY", "/c")));
    }

    [Fact]
    public void Of_several_directories_the_one_named_canal_is_ours_wherever_systemd_puts_it()
    {
        RuntimePaths paths = RuntimePaths.FromEnvironment(
            Nothing.Add("STATE_DIRECTORY", "/var/lib/calico:/var/lib/canal").Add("RUNTIME_DIRECTORY", "/run/calico:/run/canal"));
        Assert.Equal(new RuntimePaths("/var/lib/canal", "/run/canal", "/etc/canal"), paths);
    }

    /// <summary>Microseconds of CLOCK_MONOTONIC, which systemd compares with.</summary>
    private static unsafe long Monotonic()
    {
        const int clockMonotonic = 1;
        long* time = stackalloc long[2];
        Assert.Equal(0, ClockGetTime(clockMonotonic, time));
        return (time[0] * 1_000_000) + (time[1] / 1000);
    }

    /// <summary>clock_gettime(2); time is a struct timespec: seconds and nanoseconds.</summary>
    [DllImport("libc", EntryPoint = "clock_gettime")]
    private static extern unsafe int ClockGetTime(int clock, long* time);

    private static void Kill(string signal)
    {
        using Process kill = Process.Start("kill", ["-s", signal, $"{Environment.ProcessId}"]);
        kill.WaitForExit();
        Assert.Equal(0, kill.ExitCode);
    }
}
