namespace Canal.Felix.Drops;

/// <summary>What was denied after a number, and how that is known.</summary>
/// <param name="Serial">The last number given.</param>
/// <param name="Missed">Packets that were denied and are in no flow.</param>
/// <param name="Parameters">How denied packets are heard.</param>
/// <param name="Failing">Why they cannot be heard; null when they can.</param>
/// <param name="Flows">In the order in which something last happened.</param>
internal sealed record DropReport(long Serial, long Missed, DropParameters Parameters, string? Failing, IReadOnlyList<DroppedFlow> Flows);
