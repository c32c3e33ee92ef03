using System.Text;
using Canal.Core.Addressing;
using Canal.Core.Resources;

namespace Canal.Core.Flannel;

/// <summary>What a lease says about its host: how to send to the host's subnet.</summary>
public sealed record FlannelLease
{
    /// <summary>Bytes that a lease may have.</summary>
    public const int LongestText = 64 * 1024;

    /// <summary>0.0.0.0 when the host has no IPv4 side.</summary>
    public required IpAddress PublicV4 { get; init; }

    public IpAddress? PublicV6 { get; init; }

    /// <summary>Empty for the backends udp and alloc.</summary>
    public string BackendType { get; init; } = "";

    /// <summary>JSON text that the backend reads, or empty.</summary>
    public string BackendData { get; init; } = "";

    /// <summary>The same of the IPv6 side.</summary>
    public string BackendV6Data { get; init; } = "";

    /// <summary>Where packets for the host's subnet of this family go; null when it has none.</summary>
    public IpAddress? Public(IpFamily family) => family == IpFamily.V6 ? PublicV6 : PublicV4.V4 == 0 ? null : PublicV4;

    /// <summary>The backend's data of one family.</summary>
    public string Data(IpFamily family) => family == IpFamily.V4 ? BackendData : BackendV6Data;

    /// <summary>
    /// Whether this is the same host's: by IPv4 as flannel does, and by IPv6 where there is no IPv4, which flannel cannot tell.
    /// </summary>
    public bool IsOfSameHost(FlannelLease other) => PublicV4 == other.PublicV4 && (PublicV4.V4 != 0 || (PublicV6 is not null && PublicV6 == other.PublicV6));

    /// <summary>Reads a lease's value.</summary>
    /// <exception cref="FlannelFormatException">It is none.</exception>
    public static FlannelLease Read(ReadOnlyMemory<byte> json)
    {
        if (json.Length > LongestText) throw new FlannelFormatException($"the lease has {json.Length} bytes, more than {LongestText}");
        FlannelJson lease = FlannelJson.Parse(json, "the lease");
        return new FlannelLease
        {
            PublicV4 = lease.Address("PublicIP", IpFamily.V4) ?? IpAddress.FromV4(0),
            PublicV6 = lease.Find("PublicIPv6") is { ValueKind: not System.Text.Json.JsonValueKind.Null } ? lease.Address("PublicIPv6", IpFamily.V6) : null,
            BackendType = lease.Text("BackendType"),
            BackendData = lease.Raw("BackendData"),
            BackendV6Data = lease.Raw("BackendV6Data"),
        };
    }

    /// <summary>The value as flannel writes it, to the byte.</summary>
    public byte[] Write()
    {
        StringBuilder json = new($"{{\"PublicIP\":\"{PublicV4}\",\"PublicIPv6\":{(PublicV6 is { } v6 ? $"\"{GoText.Of(v6)}\"" : "null")}");
        if (BackendType.Length > 0) json.Append($",\"BackendType\":{GoText.Quote(BackendType)}");
        if (BackendData.Length > 0) json.Append($",\"BackendData\":{BackendData}");
        if (BackendV6Data.Length > 0) json.Append($",\"BackendV6Data\":{BackendV6Data}");
        return Encoding.UTF8.GetBytes(json.Append('}').ToString());
    }

    /// <summary>For sentences: the host's address, its backend.</summary>
    public string Describe() => $"{(Public(IpFamily.V4) ?? PublicV6)?.ToString() ?? "a host without address"}{(BackendType.Length > 0 ? $" ({Problem.Quote(BackendType)})" : "")}";
}
