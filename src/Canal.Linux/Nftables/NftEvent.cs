namespace Canal.Linux.Nftables;

/// <summary>Something in the namespace's tables changed, and not by us.</summary>
/// <param name="Kind">What is known of it.</param>
/// <param name="Generation">The namespace's generation after the change; 0 for an overrun.</param>
/// <param name="ProcessId">Who did it, as the first pid namespace counts; 0 when unknown.</param>
/// <param name="ProcessName">At most 15 characters; "" when unknown.</param>
public readonly record struct NftEvent(NftEventKind Kind, uint Generation = 0, uint ProcessId = 0, string ProcessName = "");
