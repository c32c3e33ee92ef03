using Canal.Core.Addressing;
using HostingConfiguration = Canal.Hosting.Configuration;

namespace Canal.Felix.Configuration;

/// <summary>The parameters of encryption between hosts, as one value.</summary>
internal sealed record WireGuardParameters
{
    public WireGuardFamily V4 { get; init; } = new(IpFamily.V4, false, WireGuardSettings.InterfaceName.Default, 51820, 0, 1);
    public WireGuardFamily V6 { get; init; } = new(IpFamily.V6, false, WireGuardSettings.InterfaceNameV6.Default, 51821, 0, 1);
    public bool EncryptHosts { get; init; }

    /// <summary>Seconds; 0: none.</summary>
    public ushort KeepAlive { get; init; }
    public uint RulePriority { get; init; } = 99;

    /// <summary>Encryption is asked for in any family.</summary>
    public bool IsEnabled => V4.IsEnabled || V6.IsEnabled;

    public IReadOnlyList<WireGuardFamily> Families => [V4, V6];

    public WireGuardFamily Of(IpFamily family) => family == IpFamily.V4 ? V4 : V6;

    public static WireGuardParameters From(HostingConfiguration configuration)
    {
        bool v4 = configuration.Get(WireGuardSettings.Enabled), v6 = configuration.Get(WireGuardSettings.EnabledV6) && configuration.Get(FelixSettings.Ipv6Support);
        List<(uint First, uint Last)> ranges = [.. configuration.Get(WireGuardSettings.RouteTableRanges).Select(text => WireGuardSettings.TryParseRange(text, out (uint, uint) range) ? range : default)];
        uint first = ranges[0].First, second = ranges[0].Last > first && first != 252 ? first + 1 : ranges.Count > 1 ? ranges[1].First : first;
        return new WireGuardParameters
        {
            V4 = new WireGuardFamily(IpFamily.V4, v4, configuration.Get(WireGuardSettings.InterfaceName), (ushort)configuration.Get(WireGuardSettings.ListeningPort), (uint)configuration.Get(WireGuardSettings.Mtu), first),
            V6 = new WireGuardFamily(IpFamily.V6, v6, configuration.Get(WireGuardSettings.InterfaceNameV6), (ushort)configuration.Get(WireGuardSettings.ListeningPortV6), (uint)configuration.Get(WireGuardSettings.MtuV6), v4 ? second : first),
            EncryptHosts = configuration.Get(WireGuardSettings.HostEncryption),
            KeepAlive = (ushort)configuration.Get(WireGuardSettings.KeepAlive).TotalSeconds,
            RulePriority = (uint)configuration.Get(WireGuardSettings.RulePriority),
        };
    }
}

/// <summary>Those of one family.</summary>
/// <param name="Family">Of the traffic.</param>
/// <param name="IsEnabled">It is to be encrypted.</param>
/// <param name="Device">Name of the device.</param>
/// <param name="Port">UDP.</param>
/// <param name="Mtu">0: the host's, less what encryption takes.</param>
/// <param name="Table">Of the routes.</param>
internal sealed record WireGuardFamily(IpFamily Family, bool IsEnabled, string Device, ushort Port, uint Mtu, uint Table)
{
    private const uint OverheadV4 = 60;
    private const uint OverheadV6 = 80;

    /// <summary>MTU of the device.</summary>
    public uint MtuOf(uint host) => Mtu != 0 ? Mtu : host - (Family == IpFamily.V4 ? OverheadV4 : OverheadV6);
}
