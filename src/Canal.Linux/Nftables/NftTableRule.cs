namespace Canal.Linux.Nftables;

/// <summary>A rule as it was read.</summary>
/// <param name="Handle">Names the rule in replace and delete; kept as long as the rule is.</param>
/// <param name="Identity"><see cref="NftRule.Identity"/> of the rule that was written; 0 when another program wrote it.</param>
/// <param name="Comment">"" for none.</param>
/// <param name="Counter">Null when the rule does not count.</param>
public readonly record struct NftTableRule(ulong Handle, ulong Identity, string Comment, NftCounter? Counter);
