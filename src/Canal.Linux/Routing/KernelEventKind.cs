namespace Canal.Linux.Routing;

public enum KernelEventKind : byte
{
    /// <summary>Added or changed; the subject is how it is now.</summary>
    Changed,

    /// <summary>Gone. IPv4 routes that vanish because their link went down or their source address was removed are not told by the kernel.</summary>
    Removed,

    /// <summary>Events were lost and what was queued was thrown away: list everything again.</summary>
    Overrun,
}
