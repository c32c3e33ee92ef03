using System.Globalization;

namespace Canal.Core.Resources;

/// <summary>A transport protocol: a number, or one of the six names of the API read whatever their case.</summary>
public readonly record struct Protocol
{
    private static readonly string[] Names = ["TCP", "UDP", "ICMP", "ICMPv6", "SCTP", "UDPLite"];
    private static readonly byte[] Numbers = [6, 17, 1, 58, 132, 136];
    private readonly string? name;

    private Protocol(byte? number, string? name)
    {
        Number = number;
        this.name = name;
    }

    public static Protocol Tcp { get; } = new(6, "TCP");
    public static Protocol Udp { get; } = new(17, "UDP");
    public static Protocol Icmp { get; } = new(1, "ICMP");
    public static Protocol IcmpV6 { get; } = new(58, "ICMPv6");
    public static Protocol Sctp { get; } = new(132, "SCTP");
    public static Protocol UdpLite { get; } = new(136, "UDPLite");

    /// <summary>The protocol of this number, written as a number.</summary>
    public static Protocol FromNumber(byte number) => new(number, null);

    /// <summary>The IP protocol number; null when the name is not known.</summary>
    public byte? Number { get; }

    /// <summary>The text as stored: the known names in their own spelling, others verbatim, numbers in decimal.</summary>
    public string Text => name ?? (Number ?? 0).ToString(CultureInfo.InvariantCulture);

    /// <summary>True when the data had a name, not a number.</summary>
    public bool IsName => name is not null;

    /// <summary>TCP, UDP and SCTP. UDPLite does not count, as in Calico.</summary>
    public bool SupportsPorts => Number is 6 or 17 or 132;

    /// <summary>Reads a name or a number in decimal. Text that is neither is kept with <see cref="Number"/> null.</summary>
    public static Protocol FromText(ReadOnlySpan<char> text)
    {
        for (int i = 0; i < Names.Length; i++)
            if (text.Equals(Names[i], StringComparison.OrdinalIgnoreCase)) return new(Numbers[i], Names[i]);
        return byte.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out byte number) ? FromNumber(number) : new(null, text.ToString());
    }

    public override string ToString() => Text;
}
