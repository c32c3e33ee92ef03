namespace Canal.Linux.Routing;

/// <summary>IFF_* of linux/if.h that decisions are made on; other bits are kept as they are.</summary>
[Flags]
public enum LinkFlags : uint
{
    None = 0,
    Up = 1,
    Broadcast = 2,
    Loopback = 8,
    PointToPoint = 0x10,
    Running = 0x40,
    NoArp = 0x80,
    LowerUp = 0x10000,
}
