namespace Canal.Linux.Routing;

/// <summary>Parameters of a tbf qdisc, as the kernel holds them, so that what was written reads back equal.</summary>
/// <param name="Rate">Bytes a second.</param>
/// <param name="Burst">Ticks of <see cref="TickNanoseconds"/> that sending the burst takes at the rate.</param>
/// <param name="Limit">Bytes that may wait.</param>
/// <param name="PeakRate">Bytes a second, above the rate; 0 for none.</param>
/// <param name="PeakBurst">Ticks that sending the burst of the peak rate takes at that rate; 0 for none.</param>
public sealed record TokenBucket(ulong Rate, uint Burst, uint Limit, ulong PeakRate = 0, uint PeakBurst = 0)
{
    /// <summary>PSCHED_SHIFT is 6 on every kernel.</summary>
    public const int TickNanoseconds = 64;

    /// <summary>Ticks that sending so many bytes takes, rounded up; at most what a qdisc can hold, 274 s.</summary>
    public static uint Ticks(ulong bytes, ulong rate) => (uint)UInt128.Min(((UInt128)bytes * (1_000_000_000 / TickNanoseconds) + rate - 1) / rate, uint.MaxValue);
}
