namespace Canal.Core.Nodes;

/// <summary>What is to become of the address that a Node has for a tunnel.</summary>
public enum TunnelStep : byte
{
    /// <summary>Nothing.</summary>
    Stay,

    /// <summary>It is in a right pool, and stays if it is this host's.</summary>
    Verify,

    /// <summary>Another one is to be assigned, and takes its place.</summary>
    Assign,

    /// <summary>It goes: no pool wants the tunnel.</summary>
    Remove,
}
