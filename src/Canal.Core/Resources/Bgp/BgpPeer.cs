using Canal.Core.Addressing;

namespace Canal.Core.Resources;

/// <summary>A peering of one node, of selected nodes, or of all. Null and empty mean "not given".</summary>
public sealed record BgpPeer : Resource
{
    /// <summary>The one node; excludes <see cref="NodeSelector"/>.</summary>
    public string Node { get; init; } = "";
    public string NodeSelector { get; init; } = "";

    /// <summary>Address with optional port as stored: <c>192.0.2.1:1790</c>, <c>[2001:db8::1]:179</c>.</summary>
    public string PeerIp { get; init; } = "";
    public string PeerSelector { get; init; } = "";
    public string LocalWorkloadSelector { get; init; } = "";
    public uint? AsNumber { get; init; }
    public uint? LocalAsNumber { get; init; }
    public bool KeepOriginalNextHop { get; init; }

    /// <summary>Auto, Self or Keep.</summary>
    public string NextHopMode { get; init; } = "";
    public SecretKeyRef? Password { get; init; }

    /// <summary>UseNodeIP or None.</summary>
    public string SourceAddress { get; init; } = "";

    /// <summary>A Go duration as stored.</summary>
    public string MaxRestartTime { get; init; } = "";

    /// <summary>A Go duration as stored.</summary>
    public string KeepaliveTime { get; init; } = "";
    public int? NumAllowedLocalAsNumbers { get; init; }
    public byte? TtlSecurity { get; init; }
    public IpAddress? ReachableBy { get; init; }
    public EquatableArray<string> Filters { get; init; }

    /// <summary>Auto or Manual.</summary>
    public string ReversePeering { get; init; } = "";
}
