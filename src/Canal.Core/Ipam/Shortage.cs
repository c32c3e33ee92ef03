namespace Canal.Core.Ipam;

/// <summary>Why there are fewer addresses than were asked for.</summary>
/// <param name="Kind">For programs.</param>
/// <param name="Message">For people, naming the pool, limit or setting.</param>
public sealed record Shortage(ShortageKind Kind, string Message);
