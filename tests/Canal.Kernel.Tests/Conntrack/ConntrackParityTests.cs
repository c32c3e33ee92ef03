using Canal.Core.Addressing;
using Canal.Testing.Conntrack;

namespace Canal.Kernel.Tests.Conntrack;

/// <summary>The kernel forgets what the fake forgets, and nothing else.</summary>
public sealed class ConntrackParityTests
{
    private static IpAddress Ip(string text) => IpAddress.Parse(text);

    /// <summary>Each address as originator, as the one who answers, behind a destination NAT, and not at all.</summary>
    private static readonly FakeConnection[] Tracked =
    [
        new(Ip("10.0.0.1"), 1000, Ip("10.0.0.2"), 80),
        new(Ip("10.0.0.2"), 1001, Ip("10.0.0.1"), 80),
        new(Ip("10.0.0.3"), 1002, Ip("10.0.0.1"), 80),
        new(Ip("10.0.0.3"), 1003, Ip("192.0.2.1"), 80, Ip("10.0.0.1")),
        new(Ip("10.0.0.3"), 1004, Ip("10.0.0.1"), 80, Ip("10.0.0.4")),
        new(Ip("10.0.0.3"), 1005, Ip("10.0.0.4"), 80),
        new(Ip("fd00::1"), 1000, Ip("fd00::2"), 80),
        new(Ip("fd00::3"), 1001, Ip("fd00::1"), 80),
        new(Ip("fd00::3"), 1002, Ip("fd00::4"), 80),
    ];

    [Theory]
    [InlineData("10.0.0.1")]
    [InlineData("fd00::1")]
    [InlineData("10.0.0.1,fd00::1,10.0.0.4")]
    [InlineData("10.9.9.9,fd09::9")]
    [InlineData("10.0.0.1,10.1.0.1,10.1.0.2,10.1.0.3,10.1.0.4,10.1.0.5,10.1.0.6,10.1.0.7,fd00::1")]
    public void The_kernel_forgets_what_the_fake_forgets(string addresses)
    {
        using ConntrackNamespace kernel = ConntrackNamespace.Open();
        FakeConntrack fake = new();
        foreach (FakeConnection connection in Tracked)
        {
            fake.Track(connection);
            kernel.Track(connection);
        }
        IpAddress[] forgotten = [.. addresses.Split(',').Select(Ip)];
        Assert.Equal(Tracked.Length, kernel.Connections().Count);
        Assert.Equal(fake.Forget(forgotten), kernel.Conntrack.Forget(forgotten));
        Assert.Equal(fake.Connections.Select(connection => connection.ToString()), kernel.Connections());
        Assert.Equal(0, kernel.Conntrack.Forget(forgotten));
    }

    [Theory]
    [InlineData("10.0.0.1")]
    [InlineData("fd00::1,10.0.0.4")]
    [InlineData("10.0.0.1,10.1.0.1,10.1.0.2,10.1.0.3,10.1.0.4,10.1.0.5,10.1.0.6,10.1.0.7,fd00::1")]
    public void The_kernel_lists_and_marks_what_the_fake_does(string addresses)
    {
        using ConntrackNamespace kernel = ConntrackNamespace.Open();
        FakeConntrack fake = new();
        foreach (FakeConnection connection in Tracked)
        {
            fake.Track(connection);
            kernel.Track(connection);
        }
        IpAddress[] wanted = [.. addresses.Split(',').Select(Ip)];
        Assert.Equal(Texts(fake.List(wanted)), Texts(kernel.Conntrack.List(wanted)));
        Assert.Equal(Texts(fake.Look(wanted, 100)), Texts(kernel.Conntrack.Look(wanted, 100)));
        Assert.Equal(Texts(fake.Look(wanted, 100)).Count(), kernel.Conntrack.Look(wanted, 100).Count);
        Assert.Equal(2, kernel.Conntrack.Look(wanted, 2).Count);
        // Marked, marked with other bits beside, and one bit taken back.
        Assert.NotEqual(0, kernel.Conntrack.Mark(kernel.Conntrack.List(wanted), 0x80000, 0x80000));
        fake.Mark(fake.List(wanted), 0x80000, 0x80000);
        kernel.Conntrack.Mark(kernel.Conntrack.List([wanted[0]]), 0xffffffff, 0x81);
        fake.Mark(fake.List([wanted[0]]), 0xffffffff, 0x81);
        kernel.Conntrack.Mark(kernel.Conntrack.List([wanted[^1]]), 0, 0x80000);
        fake.Mark(fake.List([wanted[^1]]), 0, 0x80000);
        Assert.Equal(Texts(fake.List(wanted)), Texts(kernel.Conntrack.List(wanted)));
        IReadOnlyList<Linux.Conntrack.TrackedFlow> ended = kernel.Conntrack.List(wanted);
        kernel.Conntrack.Forget(wanted);
        Assert.Equal(0, kernel.Conntrack.Mark(ended, 1, 1));
        Assert.Empty(kernel.Conntrack.List(wanted));
    }

    private static IEnumerable<string> Texts(IEnumerable<Linux.Conntrack.TrackedFlow> flows) =>
        flows.Select(f => $"{f.First} {f.SentTo} {f.Mark:x} {f.IsRelated}").Distinct().Order(StringComparer.Ordinal);

    [Fact]
    public void More_connections_than_fit_one_answer_go_and_others_stay()
    {
        using ConntrackNamespace kernel = ConntrackNamespace.Open();
        FakeConnection[] kept = [.. Enumerable.Range(1, 500).Select(port => new FakeConnection(Ip("10.0.0.7"), (ushort)port, Ip("10.0.0.8"), 80))];
        foreach (FakeConnection connection in kept) kernel.Track(connection);
        foreach (int port in Enumerable.Range(1, 1000)) kernel.Track(new FakeConnection(Ip("10.0.0.1"), (ushort)port, Ip("10.0.0.8"), 80));
        Assert.Equal(1000, kernel.Conntrack.Forget([Ip("10.0.0.1")]));
        Assert.Equal(kept.Select(connection => connection.ToString()).Order(StringComparer.Ordinal), kernel.Connections());
    }
}
