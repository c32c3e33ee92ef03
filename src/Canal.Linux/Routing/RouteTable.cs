namespace Canal.Linux.Routing;

/// <summary>RT_TABLE_*: the tables with a fixed meaning.</summary>
public static class RouteTable
{
    public const uint Default = 253;
    public const uint Main = 254;
    public const uint Local = 255;
}
