namespace Canal.Core.Resources;

/// <summary>What owns a block.</summary>
public enum BlockOwnerKind : byte
{
    Host,
    /// <summary>A load balancer.</summary>
    Virtual,
}
