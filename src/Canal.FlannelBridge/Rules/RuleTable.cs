namespace Canal.FlannelBridge.Rules;

/// <summary>Keeps the network's rules in the kernel: by nf_tables, or by the host's iptables where other software insists on it.</summary>
internal abstract class RuleTable
{
    /// <summary>When to look without being told to; null: the kernel tells of changes.</summary>
    public virtual DateTimeOffset? NextLook => null;

    /// <summary>Another program touched the rules.</summary>
    public abstract void Doubt();

    /// <summary>Makes it so; returns whether anything was written.</summary>
    /// <exception cref="Linux.Nftables.NftException">The kernel refused; nothing has changed.</exception>
    /// <exception cref="IOException">iptables refused, or is not there.</exception>
    public abstract bool Apply(NetworkRules wanted);
}
