namespace Canal.Core.Bgp;

/// <summary>How much BIRD tells about its protocols.</summary>
public enum BgpLogDetail : byte
{
    Nothing,
    StateChanges,
    Everything,
}
