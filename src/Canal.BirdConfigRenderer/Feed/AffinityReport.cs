using Canal.Core.Addressing;

namespace Canal.BirdConfigRenderer.Feed;

/// <summary>One line for operators about the value of a claim to a block.</summary>
/// <param name="Block">The claimed block.</param>
/// <param name="Reason">What is wrong; empty when it is good again.</param>
/// <param name="KeptOld">The value before it stays in force.</param>
internal sealed record AffinityReport(Cidr Block, string Reason, bool KeptOld);
