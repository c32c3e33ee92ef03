namespace Canal.Core.Resources;

/// <summary>The directions a policy speaks about.</summary>
[Flags]
public enum PolicyTypes : byte
{
    None = 0,
    Ingress = 1,
    Egress = 2,
    Both = Ingress | Egress,
}
