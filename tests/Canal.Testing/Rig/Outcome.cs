namespace Canal.Testing.Rig;

/// <summary>What became of one probe. Only silence is a correct deny.</summary>
public enum Outcome
{
    /// <summary>The peer answered, or the packet arrived.</summary>
    Passed,

    /// <summary>Nothing came back in the whole window.</summary>
    Silent,

    /// <summary>A RST, an ICMP error or an error of the sender's own stack.</summary>
    Rejected,
}
