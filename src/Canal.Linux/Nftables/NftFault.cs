namespace Canal.Linux.Nftables;

/// <summary>What a refused message of a transaction was about.</summary>
/// <param name="Errno">The positive error number.</param>
/// <param name="Chain">The chain that the message is about, or that the rule is for; null when it is about something else.</param>
/// <param name="Set">The set that the message is about; null when it is about something else.</param>
/// <param name="Rule">The comment of the rule that the message is about; null when it is about something else, or the rule has none.</param>
public readonly record struct NftFault(int Errno, string? Chain, string? Set, string? Rule = null);
