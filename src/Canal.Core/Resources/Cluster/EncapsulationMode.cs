namespace Canal.Core.Resources;

/// <summary>When a pool's traffic between hosts is encapsulated.</summary>
public enum EncapsulationMode : byte
{
    Never,
    Always,
    /// <summary>Only towards hosts outside the sender's subnet.</summary>
    CrossSubnet,
}
