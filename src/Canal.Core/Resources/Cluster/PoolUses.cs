namespace Canal.Core.Resources;

/// <summary>What a pool's addresses may be assigned to.</summary>
[Flags]
public enum PoolUses : byte
{
    None = 0,
    Workload = 1,
    Tunnel = 2,
    LoadBalancer = 4,
}
