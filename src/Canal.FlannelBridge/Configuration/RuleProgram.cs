namespace Canal.FlannelBridge.Configuration;

/// <summary>What the network's rules are made with.</summary>
internal enum RuleProgram
{
    Nftables,
    Iptables,
}
