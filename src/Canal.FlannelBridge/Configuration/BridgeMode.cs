namespace Canal.FlannelBridge.Configuration;

/// <summary>Who is this host's part of the flannel network.</summary>
internal enum BridgeMode
{
    /// <summary>This agent.</summary>
    Native,

    /// <summary>A real flanneld, whose subnet this agent tells on.</summary>
    Beside,
}
