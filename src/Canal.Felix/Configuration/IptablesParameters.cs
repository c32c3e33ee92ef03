using HostingConfiguration = Canal.Hosting.Configuration;

namespace Canal.Felix.Configuration;

/// <summary>The parameters that only the iptables dataplane asks for.</summary>
internal sealed record IptablesParameters
{
    /// <summary>What policy allows is accepted at once; else the rest of iptables' rules have their say.</summary>
    public bool Accepts { get; init; } = true;

    /// <summary>The same of what policy before DNAT allows, and the rest of the mangle table.</summary>
    public bool MangleAccepts { get; init; } = true;

    /// <summary>The rules that call ours stand first; else last.</summary>
    public bool Insert { get; init; } = true;

    public long MaxSetSize { get; init; } = 1_048_576;

    /// <summary>How often all is read back; zero for never.</summary>
    public TimeSpan Refresh { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>How long after a write; zero for never.</summary>
    public TimeSpan PostWriteCheck { get; init; } = TimeSpan.FromSeconds(5);

    public static IptablesParameters From(HostingConfiguration configuration) => new()
    {
        Accepts = configuration.Get(IptablesSettings.FilterAllowAction),
        MangleAccepts = configuration.Get(IptablesSettings.MangleAllowAction),
        Insert = configuration.Get(IptablesSettings.ChainInsertMode),
        MaxSetSize = configuration.Get(IptablesSettings.MaxIpsetSize),
        Refresh = Sooner(configuration.Get(IptablesSettings.RefreshInterval), configuration.Get(IptablesSettings.IpsetsRefreshInterval)),
        PostWriteCheck = configuration.Get(IptablesSettings.PostWriteCheckInterval),
    };

    /// <summary>Rules and sets are read together: a rule without its set says nothing.</summary>
    private static TimeSpan Sooner(TimeSpan rules, TimeSpan sets) => rules == TimeSpan.Zero ? sets : sets == TimeSpan.Zero || rules < sets ? rules : sets;
}
