namespace Canal.Core.Flannel;

/// <summary>Which device carries which family, and over which family hosts speak.</summary>
public enum WireguardMode
{
    /// <summary>A device for each family, each over its own.</summary>
    Separate,

    /// <summary>One device for both; peers by whatever seems reachable.</summary>
    Auto,

    /// <summary>One device for both, over IPv4.</summary>
    V4,

    /// <summary>One device for both, over IPv6.</summary>
    V6,
}
