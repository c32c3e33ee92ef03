using System.Collections.Immutable;
using System.Numerics;
using Canal.Hosting;

namespace Canal.Felix.Configuration;

/// <summary>Which dataplane, and what only the one of iptables asks for; Calico's parameters by their names in snake case.</summary>
internal static class IptablesSettings
{
    public static EnumSetting<DataplaneKind> Dataplane { get; } = new("dataplane", DataplaneKind.Auto,
        "What policy is programmed with; auto is nftables wherever the kernel has it. Counts from the start of the agent.", ("auto", DataplaneKind.Auto), ("nftables", DataplaneKind.Nftables), ("iptables", DataplaneKind.Iptables));

    public static EnumSetting<IptablesBackend> Backend { get; } = new("iptables_backend", IptablesBackend.Auto,
        "Which iptables; auto is the one that has more rules already. Counts from the start of the agent.", ("auto", IptablesBackend.Auto), ("legacy", IptablesBackend.Legacy), ("nft", IptablesBackend.Nft));

    public static EnumSetting<DenyAction> FilterDenyAction { get; } = new("iptables_filter_deny_action", DenyAction.Drop, "How denied packets are answered, with iptables.", ("Drop", DenyAction.Drop), ("Reject", DenyAction.Reject));

    public static EnumSetting<bool> FilterAllowAction { get; } = new("iptables_filter_allow_action", true,
        "Whether packets that policy allows are accepted at once, or go on to the rest of iptables' rules.", ("Accept", true), ("Return", false));

    public static EnumSetting<bool> MangleAllowAction { get; } = new("iptables_mangle_allow_action", true,
        "The same of what policy before DNAT allows, and the rest of the mangle table.", ("Accept", true), ("Return", false));

    public static IntegerSetting MarkMask { get; } = new("iptables_mark_mask", 0xffff0000, "Bits of the packet mark that are left to this program, with iptables.")
    {
        Minimum = 1,
        Maximum = uint.MaxValue,
        Check = mask => BitOperations.PopCount((ulong)mask) >= MarkBits.NeededByIptables ? null : $"must have at least {MarkBits.NeededByIptables} bits set",
    };

    public static EnumSetting<bool> ChainInsertMode { get; } = new("chain_insert_mode", true, "Where the rules that call this program's chains stand in iptables' own.", ("Insert", true), ("Append", false));

    public static IntegerSetting MaxIpsetSize { get; } = new("max_ipset_size", 1_048_576, "How many members an ipset may have.") { Minimum = 1, Maximum = uint.MaxValue };

    public static DurationSetting RefreshInterval { get; } = new("iptables_refresh_interval", TimeSpan.FromSeconds(180), "How often iptables' rules are read back and repaired; 0s for never.");

    public static DurationSetting IpsetsRefreshInterval { get; } = new("ipsets_refresh_interval", TimeSpan.FromSeconds(90), "How often ipsets are read back and repaired; 0s for never.");

    public static DurationSetting PostWriteCheckInterval { get; } = new("iptables_post_write_check_interval", TimeSpan.FromSeconds(5), "How long after it wrote the agent reads back what is there; 0s for never.");

    /// <summary>Settings that FelixConfiguration in etcd may set too.</summary>
    public static ImmutableArray<Setting> FromDatastore { get; } =
        [Dataplane, Backend, FilterDenyAction, FilterAllowAction, MangleAllowAction, MarkMask, ChainInsertMode, MaxIpsetSize, RefreshInterval, IpsetsRefreshInterval, PostWriteCheckInterval];
}
