namespace Canal.Linux.Routing;

/// <summary>RTN_*: what becomes of a packet.</summary>
public enum RouteType : byte
{
    /// <summary>In a request to delete: any.</summary>
    Unspecified = 0,
    Unicast = 1,
    Local = 2,
    Broadcast = 3,
    Anycast = 4,
    Multicast = 5,
    Blackhole = 6,
    Unreachable = 7,
    Prohibit = 8,
    Throw = 9,
}

public static class RouteTypeExtensions
{
    extension(RouteType type)
    {
        /// <summary>ip-route(8)'s word.</summary>
        public string Word => type switch
        {
            RouteType.Unspecified => "unspec",
            RouteType.Unicast => "unicast",
            RouteType.Local => "local",
            RouteType.Broadcast => "broadcast",
            RouteType.Anycast => "anycast",
            RouteType.Multicast => "multicast",
            RouteType.Blackhole => "blackhole",
            RouteType.Unreachable => "unreachable",
            RouteType.Prohibit => "prohibit",
            RouteType.Throw => "throw",
            _ => ((byte)type).ToString(),
        };

        /// <summary>Blackhole, unreachable, prohibit, throw: routes without a next hop.</summary>
        public bool HasNoNextHop => type is >= RouteType.Blackhole and <= RouteType.Throw;
    }
}
