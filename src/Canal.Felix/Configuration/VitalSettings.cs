using Canal.Hosting;
using HostingConfiguration = Canal.Hosting.Configuration;

namespace Canal.Felix.Configuration;

/// <summary>
/// Settings that decide what is policed, denied or reached whatever happens: Calico's Felix ends rather than go on without a value that it was given for one
/// (reference: on bad value, exit).
/// </summary>
internal static class VitalSettings
{
    private static readonly HashSet<string> Keys =
    [
        .. ((Setting[])[
            FelixSettings.InterfacePrefix, FelixSettings.DefaultEndpointToHostAction, FelixSettings.FilterDenyAction, FelixSettings.FailsafeInbound, FelixSettings.FailsafeOutbound,
            FelixSettings.NftablesMarkMask, FelixSettings.OpenstackRegion, OverlaySettings.ExternalNodes, WireGuardSettings.RouteTableRanges,
            IptablesSettings.FilterDenyAction, IptablesSettings.FilterAllowAction, IptablesSettings.MangleAllowAction, IptablesSettings.MarkMask, IptablesSettings.ChainInsertMode,
        ]).Select(setting => setting.Key),
    ];

    /// <summary>The first wrong value of one, as a sentence; null when there is none. What this host's own configuration sets does not come from etcd.</summary>
    public static string? Wrong(IEnumerable<ConfigurationLayer> layers, HostingConfiguration local)
    {
        foreach (ConfigurationLayer layer in layers)
            foreach ((string key, string text) in layer.Values)
                if (Keys.Contains(key) && !local.IsOwn(key) && local.Schema.Find(key)!.ToToml(text, out string error) is null) return $"{layer.Origin}: {error}";
        return null;
    }
}
