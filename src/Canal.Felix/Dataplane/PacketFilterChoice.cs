using Canal.Felix.Configuration;
using Canal.Felix.Dataplane.Iptables;
using Canal.Felix.Dataplane.Nftables;
using Canal.Linux;
using Canal.Linux.Iptables;
using Canal.Linux.Nftables;
using HostingConfiguration = Canal.Hosting.Configuration;

namespace Canal.Felix.Dataplane;

/// <summary>Which packet filter the configuration and the kernel together mean, and what the others hold of an earlier run.</summary>
internal static class PacketFilterChoice
{
    /// <summary>The one to use.</summary>
    /// <exception cref="Hosting.StartException">Its programs are not there.</exception>
    public static IPacketFilter Of(HostingConfiguration configuration, INftables nftables, TimeProvider time, Func<Task<NftTable?>>? early = null)
    {
        DataplaneKind wanted = configuration.Get(IptablesSettings.Dataplane);
        bool iptables = wanted == DataplaneKind.Iptables || (wanted == DataplaneKind.Auto && !HasNftables(nftables));
        return iptables ? IptablesFilter.Open(configuration.Get(IptablesSettings.Backend), time) : new NftablesFilter(nftables, time, early);
    }

    /// <summary>
    /// The one to start with: as etcd had it when the agent ran last. Where that cannot be had, as this host's own configuration has it: policy by another way
    /// is better than none, and the agent says so.
    /// </summary>
    /// <exception cref="Hosting.StartException">Its programs are not there.</exception>
    public static IPacketFilter AtStart(HostingConfiguration configuration, string kept, INftables nftables, TimeProvider time, Action<string> tell, Func<Task<NftTable?>>? early = null)
    {
        try
        {
            return Of(StartChoice.WithKept(configuration, kept), nftables, time, early);
        }
        catch (Hosting.StartException e) when (File.Exists(kept))
        {
            tell($"what etcd said of the dataplane does not count: {e.Message}");
            return Of(configuration, nftables, time, early);
        }
    }

    /// <summary>All that may hold something of an earlier run; programs that are not there are none.</summary>
    public static IReadOnlyList<IPacketFilter> All(INftables nftables, TimeProvider time) =>
        [.. HasNftables(nftables) ? (ReadOnlySpan<IPacketFilter>)[new NftablesFilter(nftables, time)] : [], .. HostIptables.InUse().Select(programs => IptablesFilter.Of(programs, time))];

    /// <summary>A kernel without nf_tables does not know the question.</summary>
    private static bool HasNftables(INftables nftables)
    {
        try
        {
            nftables.Generation();
            return true;
        }
        catch (NftException e) when (e.Errno is not Errno.EPERM)
        {
            return false;
        }
    }
}
