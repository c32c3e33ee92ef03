namespace Canal.FlannelBridge.Configuration;

/// <summary>Who gives packets that leave the network this host's address: one, or nobody.</summary>
internal enum Masquerade
{
    None,

    /// <summary>This agent, in its own table.</summary>
    Bridge,

    /// <summary>canal-felix, because the network's IPPool says so.</summary>
    Felix,
}
