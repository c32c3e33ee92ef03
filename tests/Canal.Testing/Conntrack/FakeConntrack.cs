using Canal.Core.Addressing;
using Canal.Core.Policy;
using Canal.Linux;
using Canal.Linux.Conntrack;
using Canal.Linux.Netlink;

namespace Canal.Testing.Conntrack;

/// <summary>Connection tracking in memory; held to the kernel by ConntrackParityTests in Canal.Kernel.Tests. Not modelled: zones, timeouts.</summary>
public sealed class FakeConntrack : IConntrack
{
    private readonly HashSet<FakeConnection> connections = [];
    private readonly Dictionary<FakeConnection, uint> marks = [];
    private readonly List<IpAddress> asked = [];
    private int failures;

    /// <summary>What is tracked, in the order of its text.</summary>
    public IEnumerable<FakeConnection> Connections => connections.OrderBy(connection => connection.ToString(), StringComparer.Ordinal);

    /// <summary>Every address that was asked to be forgotten, in order, failed requests too.</summary>
    public IReadOnlyList<IpAddress> Asked => asked;

    /// <summary>Told at every request, before it is answered.</summary>
    public Action? OnForget { get; set; }

    /// <summary>The mark of a connection that is tracked.</summary>
    public uint MarkOf(FakeConnection connection) => connections.Contains(connection) ? marks.GetValueOrDefault(connection) : throw new ArgumentException($"{connection} is not tracked", nameof(connection));

    public IReadOnlyList<TrackedFlow> List(IReadOnlyCollection<IpAddress> addresses) =>
        [.. Connections.Where(c => addresses.Contains(c.From) || addresses.Contains(c.Answers)).Select(c => new TrackedFlow(FirstOf(c), marks.GetValueOrDefault(c), false) { SentTo = c.To })];

    public IReadOnlyList<TrackedFlow> Look(IReadOnlyCollection<IpAddress> addresses, int most) => [.. List(addresses).Take(most)];

    public int Mark(IReadOnlyCollection<TrackedFlow> flows, uint value, uint mask)
    {
        FakeConnection[] found = [.. flows.SelectMany(flow => connections.Where(c => FirstOf(c) == flow.First && c.To == flow.SentTo))];
        foreach (FakeConnection connection in found) marks[connection] = (marks.GetValueOrDefault(connection) & ~mask) | (value & mask);
        return found.Length;
    }

    private static Packet FirstOf(FakeConnection connection) =>
        new(connection.From, connection.Answers, IpProtocol.Udp) { SourcePort = connection.FromPort, DestinationPort = connection.ToPort };

    public void Track(FakeConnection connection) => connections.Add(connection);

    /// <summary>So many requests fail, as when the kernel's answer is lost.</summary>
    public void FailNext(int times = 1) => failures = times;

    public int Forget(IReadOnlyCollection<IpAddress> addresses)
    {
        OnForget?.Invoke();
        asked.AddRange(addresses);
        if (failures > 0)
        {
            failures--;
            throw new NetlinkException("list connections", Errno.ENOBUFS);
        }
        return connections.RemoveWhere(connection => addresses.Contains(connection.From) || addresses.Contains(connection.Answers));
    }
}
