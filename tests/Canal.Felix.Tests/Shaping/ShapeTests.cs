using Canal.Core.Resources;
using Canal.Felix.Shaping;
using Canal.Linux.Routing;

namespace Canal.Felix.Tests.Shaping;

/// <summary>What limits of bandwidth mean in the kernel's words.</summary>
public sealed class ShapeTests
{
    private const uint Mtu = 1500, Packet = 1514;

    private static TokenBucket Egress(QosControls qos) => Shape.Of(qos, Mtu).Egress!;

    [Fact]
    public void Each_direction_has_its_own_limit_or_none()
    {
        Shape shape = Shape.Of(new QosControls { IngressBandwidth = 8_000_000, IngressBurst = 800_000 }, Mtu);
        // 100,000 bytes take 100 ms, of which 64 ns are a tick; 25 ms are 25,000 bytes.
        Assert.Equal(new Shape(new TokenBucket(1_000_000, 1_562_500, 25_000 + 131_072), null), shape);
        Assert.Equal(Shape.None, Shape.Of(new QosControls { IngressPacketRate = 5 }, Mtu));
        Assert.Equal(Shape.None, Shape.Of(null, Mtu));
    }

    [Fact]
    public void Without_a_burst_it_is_that_of_Calico_as_far_as_a_qdisc_can_say_it()
    {
        Assert.Equal(TokenBucket.Ticks(1ul << 29, 1_250_000_000), Egress(new QosControls { EgressBandwidth = 10_000_000_000 }).Burst);
        Assert.Equal(uint.MaxValue, Egress(new QosControls { EgressBandwidth = 8_000_000 }).Burst);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1_000)]
    [InlineData(8_000_000)]
    [InlineData(999_999_999_999)]
    [InlineData(long.MaxValue)]
    public void A_whole_packet_always_passes(long bandwidth)
    {
        TokenBucket bucket = Egress(new QosControls { EgressBandwidth = bandwidth, EgressBurst = 1, EgressPeakrate = long.MaxValue, EgressMinburst = 1 });
        Assert.InRange(bucket.Rate, 125ul, 125_000_000_000_000ul);
        Assert.True(Bytes(bucket.Burst, bucket.Rate) >= Packet, $"{bucket}");
        Assert.True(bucket.PeakRate == 0 || Bytes(bucket.PeakBurst, bucket.PeakRate) >= Packet, $"{bucket}");
        Assert.InRange(bucket.Limit, 128u << 10, (uint)int.MaxValue);
    }

    [Fact]
    public void A_peak_rate_has_a_burst_of_a_packet_or_what_is_given()
    {
        QosControls qos = new() { EgressBandwidth = 8_000_000, EgressPeakrate = 80_000_000 };
        Assert.Equal((10_000_000ul, TokenBucket.Ticks(Packet, 10_000_000)), (Egress(qos).PeakRate, Egress(qos).PeakBurst));
        Assert.Equal(TokenBucket.Ticks(9000, 10_000_000), Egress(qos with { EgressMinburst = 9000 }).PeakBurst);
    }

    [Fact]
    public void A_peak_rate_below_the_bandwidth_is_the_bandwidth()
    {
        TokenBucket bucket = Egress(new QosControls { EgressBandwidth = 8_000_000, EgressPeakrate = 4_000_000 });
        Assert.Equal((500_000ul, 0ul), (bucket.Rate, bucket.PeakRate));
    }

    private static double Bytes(uint ticks, ulong rate) => ticks * 64.0 / 1e9 * rate;
}
