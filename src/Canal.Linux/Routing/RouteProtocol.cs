namespace Canal.Linux.Routing;

/// <summary>RTPROT_*: who wrote a route.</summary>
public static class RouteProtocol
{
    public const byte Unspecified = 0;
    public const byte Kernel = 2;
    public const byte Boot = 3;
    public const byte Static = 4;
    public const byte Bird = 12;

    /// <summary>Calico's and Canal's own.</summary>
    public const byte Calico = 80;

    /// <summary>The kernel's own number, or one that linux/rtnetlink.h gives to a known program: a route of it may be anyone's.</summary>
    public static bool IsOthers(byte protocol) => protocol is <= 18 or 42 or (>= 186 and <= 192);

    /// <summary>ip-route(8)'s word where it has one without a file, else the number.</summary>
    public static string Word(byte protocol) => protocol switch
    {
        Unspecified => "unspec",
        Kernel => "kernel",
        Boot => "boot",
        Static => "static",
        Bird => "bird",
        _ => protocol.ToString(),
    };
}
