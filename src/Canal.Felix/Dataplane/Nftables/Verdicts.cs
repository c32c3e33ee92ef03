using Canal.Felix.Configuration;
using Canal.Linux.Nftables;

namespace Canal.Felix.Dataplane.Nftables;

/// <summary>How decisions are written.</summary>
internal static class Verdicts
{
    /// <summary>
    /// Packet mark of "this tier passes": set by a Pass rule, tested and cleared by the tier's chain. Calico's bit of Calico's mask. Nothing else is
    /// marked: an accept ends its base chain only, and each direction has a base chain of its own.
    /// </summary>
    public const uint PassMark = 0x20000;

    /// <summary>Ends a rule by denying the packet.</summary>
    public static NftRuleBuilder Deny(NftRuleBuilder rule, FelixParameters parameters) =>
        parameters.Deny == DenyAction.Reject ? rule.Reject() : rule.Drop();
}
