using Canal.Core.Addressing;
using Canal.Core.Policy;

namespace Canal.Linux.Conntrack;

/// <summary>A connection that the kernel tracks.</summary>
/// <param name="First">Its first packet as policy saw it: the destination is who answers, so after destination translation and before any of the source.</param>
/// <param name="Mark">The connection's mark.</param>
/// <param name="IsRelated">It belongs to another connection, and came to be without being judged.</param>
public sealed record TrackedFlow(Packet First, uint Mark, bool IsRelated)
{
    /// <summary>Address that it was sent to, before translation.</summary>
    public IpAddress SentTo { get; init; }

    /// <summary>The kernel's number for it; 0 when it told none.</summary>
    public uint Id { get; init; }

    /// <summary>Packets in both directions were seen.</summary>
    public bool IsAnswered { get; init; }

    /// <summary>enum tcp_conntrack of linux/netfilter/nf_conntrack_tcp.h; null when it is not TCP.</summary>
    public byte? TcpState { get; init; }

    /// <summary>What went in the direction of the first packet; null where the kernel does not count (net.netfilter.nf_conntrack_acct).</summary>
    public TrackedCount? Sent { get; init; }

    /// <summary>What came back.</summary>
    public TrackedCount? Answered { get; init; }

    /// <summary>The kernel's message about it, which names it; empty when it was only to be looked at.</summary>
    internal byte[] Message { get; init; } = [];
}
