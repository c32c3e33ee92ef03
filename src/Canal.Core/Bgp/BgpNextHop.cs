namespace Canal.Core.Bgp;

/// <summary>What is told as the next hop of a route.</summary>
public enum BgpNextHop : byte
{
    /// <summary>As BGP has it: ourselves to other systems, unchanged within ours.</summary>
    Default,
    Self,
    Keep,
}
