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
