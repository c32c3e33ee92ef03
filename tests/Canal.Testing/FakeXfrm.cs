using Canal.Linux.Netlink;
using Canal.Linux.Xfrm;

namespace Canal.Testing;

/// <summary>The kernel's IPsec policies in memory: one for each direction and pair of prefixes, whatever its priority.</summary>
public sealed class FakeXfrm : IXfrm
{
    private readonly Dictionary<string, XfrmPolicy> policies = [];
    private int refusal;

    /// <summary>Changes asked for, as text.</summary>
    public List<string> Requests { get; } = [];

    public bool Esp { get; set; } = true;

    /// <summary>Everything, sorted.</summary>
    public string Dump => string.Join('\n', policies.Values.Select(p => p.ToString()).Order(StringComparer.Ordinal));

    /// <summary>The next change is refused.</summary>
    public void RefuseNext(int errno) => refusal = errno;

    /// <summary>Somebody takes all away.</summary>
    public void Flush() => policies.Clear();

    public IReadOnlyList<XfrmPolicy> Policies() => [.. policies.Values];

    public bool HasEsp() => Esp;

    public void Set(XfrmPolicy policy)
    {
        Note($"set {policy}");
        policies[Key(policy)] = policy;
    }

    public void Delete(XfrmPolicy policy)
    {
        Note($"delete {policy}");
        policies.Remove(Key(policy));
    }

    private void Note(string request)
    {
        Requests.Add(request);
        (int errno, refusal) = (refusal, 0);
        if (errno != 0) throw new NetlinkException(request, errno);
    }

    private static string Key(XfrmPolicy policy) => $"{policy.Direction} {policy.Source} {policy.Destination}";
}
