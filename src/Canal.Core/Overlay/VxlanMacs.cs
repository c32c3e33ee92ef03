using System.Security.Cryptography;
using System.Text;
using Canal.Core.Addressing;

namespace Canal.Core.Overlay;

/// <summary>The hardware address of a node's VXLAN device where its Node names none: Calico's rule, which every host must compute alike.</summary>
public static class VxlanMacs
{
    /// <summary>0x66 (locally administered), then the first five bytes of SHA-1 of the name, for IPv6 of the name with <c>-v6</c>.</summary>
    public static MacAddress Of(string node, IpFamily family)
    {
        Span<byte> hash = stackalloc byte[20];
#pragma warning disable CA5350 // An address, not a secret; the rule is Calico's.
        SHA1.HashData(Encoding.UTF8.GetBytes(family == IpFamily.V4 ? node : $"{node}-v6"), hash);
#pragma warning restore CA5350
        Span<byte> mac = [0x66, .. hash[..5]];
        return MacAddress.FromBytes(mac);
    }
}
