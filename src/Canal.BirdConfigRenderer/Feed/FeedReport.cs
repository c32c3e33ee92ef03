using Canal.Core.Resources;

namespace Canal.BirdConfigRenderer.Feed;

/// <summary>One line for operators about a stored value.</summary>
/// <param name="Key">The etcd key's resource.</param>
/// <param name="Reason">What is wrong; empty when it is good again.</param>
/// <param name="KeptOld">The value before it stays in force.</param>
internal sealed record FeedReport(ResourceKey Key, string Reason, bool KeptOld);
