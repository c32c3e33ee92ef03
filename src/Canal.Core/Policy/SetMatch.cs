using Canal.Core.IpSets;

namespace Canal.Core.Policy;

/// <summary>What a set can hold at the moment, which decides which kernel sets there are and which rules look them up.</summary>
[Flags]
public enum SetShape
{
    None = 0,
    V4Addresses = 1,
    V4Prefixes = 2,
    V6Addresses = 4,
    V6Prefixes = 8,
}

/// <summary>A rule's reference to a set.</summary>
/// <param name="Set">The set.</param>
/// <param name="Shape">Its present shape.</param>
public sealed record SetMatch(IpSetSpec Set, SetShape Shape);
