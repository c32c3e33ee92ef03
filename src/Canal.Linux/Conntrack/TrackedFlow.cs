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

    /// <summary>The kernel's message about it, which names it.</summary>
    internal byte[] Message { get; init; } = [];
}
