using Canal.Core.Addressing;
using Canal.Core.IpSets;

namespace Canal.Core.Policy;

/// <summary>The part of a set that one kernel set holds: one family, and single addresses (or ports) apart from true prefixes.</summary>
/// <param name="Set">The set.</param>
/// <param name="Family">The family of the members.</param>
/// <param name="Prefixes">True prefixes; else single addresses, or (address, protocol, port).</param>
public readonly record struct SetPart(IpSetSpec Set, IpFamily Family, bool Prefixes)
{
    /// <summary>The parts that exist while a set has this shape.</summary>
    public static IEnumerable<SetPart> Of(IpSetSpec set, SetShape shape)
    {
        if (shape.HasFlag(SetShape.V4Addresses)) yield return new SetPart(set, IpFamily.V4, false);
        if (shape.HasFlag(SetShape.V6Addresses)) yield return new SetPart(set, IpFamily.V6, false);
        if (set.Kind != IpSetKind.Addresses) yield break;
        if (shape.HasFlag(SetShape.V4Prefixes)) yield return new SetPart(set, IpFamily.V4, true);
        if (shape.HasFlag(SetShape.V6Prefixes)) yield return new SetPart(set, IpFamily.V6, true);
    }
}
