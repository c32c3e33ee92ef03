using System.Globalization;
using Canal.Core.Addressing;

namespace Canal.Core.Resources;

/// <summary>An address with the length of its subnet, host bits kept: <c>192.0.2.10/24</c>. A bare address has the full length.</summary>
public readonly record struct InterfaceAddress(IpAddress Address, byte Length)
{
    /// <summary>The subnet.</summary>
    public Cidr Network => new(Address, Length);

    public static bool TryParse(ReadOnlySpan<char> text, out InterfaceAddress value)
    {
        value = default;
        int slash = text.IndexOf('/');
        if (!IpAddress.TryParse(slash < 0 ? text : text[..slash], out IpAddress address) || !Cidr.TryParse(text, out Cidr network)) return false;
        value = new InterfaceAddress(address, network.Length);
        return true;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Address}/{Length}");
}
