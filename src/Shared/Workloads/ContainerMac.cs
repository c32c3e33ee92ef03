using Canal.Core.Addressing;

namespace Canal.Workloads;

/// <summary>Hardware addresses of containers that nobody gave one.</summary>
internal static class ContainerMac
{
    /// <summary>A locally administered one, of one host. Nothing is secret about it, and a generator of secrets would load the library of TLS for it.</summary>
    public static MacAddress New()
    {
        Span<byte> random = stackalloc byte[6];
        Random.Shared.NextBytes(random);
        random[0] = (byte)((random[0] & 0xfc) | 0x02);
        return MacAddress.FromBytes(random);
    }
}
