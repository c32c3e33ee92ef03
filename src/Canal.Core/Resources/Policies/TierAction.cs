namespace Canal.Core.Resources;

/// <summary>What happens to a packet that a tier's policies apply to and none decides about.</summary>
public enum TierAction : byte
{
    Deny,
    Pass,
}
