using Canal.Core.Addressing;

namespace Canal.Linux.Routing;

/// <summary>Which routes to list; the kernel does the filtering. Null means any.</summary>
public readonly record struct RouteFilter(IpFamily? Family = null, uint? Table = null, byte? Protocol = null, int? Interface = null, RouteType? Type = null);
