namespace Canal.Linux.Routing;

/// <summary>RT_SCOPE_*: distance to the destination. IPv6 routes have none and read as <see cref="Universe"/>.</summary>
public enum RouteScope : byte
{
    Universe = 0,
    Site = 200,
    Link = 253,
    Host = 254,
    Nowhere = 255,
}

public static class RouteScopeExtensions
{
    extension(RouteScope scope)
    {
        /// <summary>ip-route(8)'s word.</summary>
        public string Word => scope switch
        {
            RouteScope.Universe => "global",
            RouteScope.Site => "site",
            RouteScope.Link => "link",
            RouteScope.Host => "host",
            RouteScope.Nowhere => "nowhere",
            _ => ((byte)scope).ToString(),
        };
    }
}
