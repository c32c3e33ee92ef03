using Canal.Linux.Nflog;

namespace Canal.Felix.Drops;

/// <summary>Packets that were denied for one reason and differ in nothing but the port of their source; made with the first of them.</summary>
internal sealed class DroppedFlow(NflogPacket first, DateTimeOffset at)
{
    public NflogPacket First { get; } = first;

    public DropReason Reason { get; } = DropReason.Parse(first.Prefix);

    public DateTimeOffset Begun { get; } = at;

    public DateTimeOffset Last { get; private set; } = at;

    public long Count { get; private set; } = 1;

    /// <summary>Grows with everything that happens in the table: who has seen one number asks for those above it.</summary>
    public long Serial { get; set; }

    /// <summary>Packets that the journal was told of.</summary>
    public long Told { get; set; }

    /// <summary>Whose policy denied; null until the loop was asked, empty when nobody's.</summary>
    public DropPlace? Place { get; set; }

    /// <summary>The policy or profile that decided, by its whole name where that is known; null when none did.</summary>
    public string? Policy => Place?.Policy ?? Reason.Policy;

    /// <summary>The reason, with the whole name.</summary>
    public string Why => Reason.Policy is { } brief && Place?.Policy is { } whole ? Reason.Text.Replace(brief, whole, StringComparison.Ordinal) : Reason.Text;

    public void Add(DateTimeOffset at)
    {
        Count++;
        Last = at;
    }
}
