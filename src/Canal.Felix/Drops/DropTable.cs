using Canal.Linux.Nflog;

namespace Canal.Felix.Drops;

/// <summary>
/// Denied packets, gathered to flows for a while each. Bounded: what has no place is only counted. For one thread at a time.
/// </summary>
internal sealed class DropTable
{
    /// <summary>Flows that packets are gathered to at a time; a scan of ports meets this bound.</summary>
    public const int MostOpen = 2048;

    /// <summary>Flows that are remembered after that, for who asks.</summary>
    public const int MostClosed = 1000;

    private readonly Dictionary<NflogPacket, DroppedFlow> open = [];
    private readonly Queue<DroppedFlow> opened = new();
    private readonly Queue<DroppedFlow> closed = new();

    /// <summary>How long packets are gathered.</summary>
    public static TimeSpan Window { get; } = TimeSpan.FromSeconds(60);

    /// <summary>The last number given.</summary>
    public long Serial { get; private set; }

    /// <summary>Packets that had no place.</summary>
    public long Uncounted { get; private set; }

    /// <summary>Flows that packets are gathered to.</summary>
    public IEnumerable<DroppedFlow> Open => opened;

    public bool IsIdle => opened.Count == 0;

    public void Add(NflogPacket packet, DateTimeOffset now)
    {
        // Of the source's port only: who is denied tries again from another one.
        NflogPacket key = packet with { Flow = packet.Flow with { SourcePort = 0 } };
        if (open.TryGetValue(key, out DroppedFlow? flow))
        {
            flow.Add(now);
        }
        else if (open.Count >= MostOpen)
        {
            Uncounted++;
            return;
        }
        else
        {
            open.Add(key, flow = new DroppedFlow(packet, now));
            opened.Enqueue(flow);
        }
        flow.Serial = ++Serial;
    }

    /// <summary>Ends the flows whose time is over; they stay to be asked for.</summary>
    public List<DroppedFlow> Close(DateTimeOffset now)
    {
        List<DroppedFlow> ended = [];
        while (opened.TryPeek(out DroppedFlow? oldest) && now - oldest.Begun >= Window)
        {
            opened.Dequeue();
            open.Remove(oldest.First with { Flow = oldest.First.Flow with { SourcePort = 0 } });
            closed.Enqueue(oldest);
            ended.Add(oldest);
            if (closed.Count > MostClosed) closed.Dequeue();
        }
        return ended;
    }

    /// <summary>Flows that nobody has named yet.</summary>
    public List<DroppedFlow> Unnamed() => [.. opened.Where(flow => flow.Place is null)];

    /// <summary>Flows in which something happened after that number, in the order in which it last happened.</summary>
    public List<DroppedFlow> After(long serial) => [.. closed.Concat(opened).Where(flow => flow.Serial > serial).OrderBy(flow => flow.Serial)];
}
