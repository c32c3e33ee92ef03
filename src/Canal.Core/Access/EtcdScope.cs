namespace Canal.Core.Access;

/// <summary>What of a cluster's keys is not where it is by default.</summary>
public sealed record EtcdScope
{
    /// <summary>The agents' <c>openstack_region</c>; empty for none.</summary>
    public string Region { get; init; } = "";

    /// <summary>flannel's etcd_prefix, without a slash at its end.</summary>
    public string FlannelPrefix { get; init; } = "/coreos.com/network";

    /// <summary>The IPPool that canal-flannel-bridge keeps; empty: none.</summary>
    public string FlannelPool { get; init; } = "";

    /// <summary>canal-docker's namespace.</summary>
    public string DockerNamespace { get; init; } = "libnetwork";
}
