using Canal.Core.Addressing;
using Canal.Linux;
using Canal.Linux.Conntrack;
using Canal.Linux.Netlink;

namespace Canal.Testing.Conntrack;

/// <summary>Connection tracking in memory; held to the kernel by ConntrackParityTests in Canal.Kernel.Tests. Not modelled: zones, timeouts.</summary>
public sealed class FakeConntrack : IConntrack
{
    private readonly HashSet<FakeConnection> connections = [];
    private readonly List<IpAddress> asked = [];
    private int failures;

    /// <summary>What is tracked, in the order of its text.</summary>
    public IEnumerable<FakeConnection> Connections => connections.OrderBy(connection => connection.ToString(), StringComparer.Ordinal);

    /// <summary>Every address that was asked to be forgotten, in order, failed requests too.</summary>
    public IReadOnlyList<IpAddress> Asked => asked;

    /// <summary>Told at every request, before it is answered.</summary>
    public Action? OnForget { get; set; }

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
