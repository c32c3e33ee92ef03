using Canal.Core.Resources;
using Canal.Linux.Routing;

namespace Canal.Felix.Shaping;

/// <summary>What limits the bandwidth of one workload, by its interface on the host; null does not limit. Pure.</summary>
/// <param name="Ingress">At the root of the interface, where packets go to the workload.</param>
/// <param name="Egress">At the root of the device that packets of the workload take a detour by.</param>
internal sealed record Shape(TokenBucket? Ingress, TokenBucket? Egress)
{
    public static Shape None { get; } = new(null, null);

    /// <summary>Calico's, where none is given: in bits.</summary>
    private const long Burst = 1L << 32;

    /// <summary>What Calico allows, in bit/s; a value outside is taken for the nearest.</summary>
    private const long Slowest = 1_000, Fastest = 1_000_000_000_000_000;

    /// <summary>Packets wait so long where the rate is high enough, as with Calico.</summary>
    private const ulong LatencyMilliseconds = 25;

    /// <summary>The kernel hands over up to 64 KiB of a stream as one packet: two must find room at any rate.</summary>
    private const ulong SmallestQueue = 128 << 10;

    private const ulong EthernetHeader = 14;

    public static bool IsWanted(QosControls? qos) => qos is { IngressBandwidth: not null } or { EgressBandwidth: not null };

    /// <param name="qos">What the endpoint asks for.</param>
    /// <param name="mtu">The interface's: no bucket may be smaller than a packet, which would never pass.</param>
    public static Shape Of(QosControls? qos, uint mtu) => qos is null ? None : new Shape(
        Bucket(qos.IngressBandwidth, qos.IngressBurst, qos.IngressPeakrate, qos.IngressMinburst, mtu + EthernetHeader),
        Bucket(qos.EgressBandwidth, qos.EgressBurst, qos.EgressPeakrate, qos.EgressMinburst, mtu + EthernetHeader));

    /// <summary>
    /// The queue does not grow with the burst, other than Calico's, which takes the burst's ticks for bytes: it would hold gigabytes of the host's memory. A peak
    /// rate below the bandwidth, which the kernel refuses, is the bandwidth.
    /// </summary>
    private static TokenBucket? Bucket(long? bandwidth, long? burst, long? peak, long? minburst, ulong packet)
    {
        if (bandwidth is not { } bits) return null;
        ulong rate = Bytes(Math.Min(bits, peak ?? bits)), peakRate = Bytes(peak ?? 0);
        uint ticks = TokenBucket.Ticks(Math.Clamp((ulong)(burst ?? Burst) / 8, packet, uint.MaxValue), rate);
        uint limit = (uint)Math.Min(rate / 1000 * LatencyMilliseconds + SmallestQueue, int.MaxValue);
        if (peak is null || peakRate <= rate) return new TokenBucket(rate, ticks, limit);
        return new TokenBucket(rate, ticks, limit, peakRate, TokenBucket.Ticks(Math.Clamp((ulong)(minburst ?? 0), packet, uint.MaxValue), peakRate));
    }

    private static ulong Bytes(long bits) => (ulong)Math.Clamp(bits, Slowest, Fastest) / 8;
}
