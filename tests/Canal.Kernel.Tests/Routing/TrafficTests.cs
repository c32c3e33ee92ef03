using System.Text.RegularExpressions;
using Canal.Core.Resources;
using Canal.Felix.Configuration;
using Canal.Felix.Shaping;
using Canal.Linux;
using Canal.Linux.Namespaces;
using Canal.Linux.Routing;
using Canal.Testing.Rig;

namespace Canal.Kernel.Tests.Routing;

/// <summary>Qdiscs and filters are what tc(8) makes of the same parameters, and read back as they were written.</summary>
public sealed partial class TrafficTests
{
    /// <summary>Three links: two to compare and one to lead to.</summary>
    private static void Run(Action<NetlinkRouteStack, Link, Link, Link> test) => NetworkNamespace.RunInNew(() =>
    {
        using NetlinkRouteStack stack = NetlinkRouteStack.Open();
        foreach (string name in (string[])["ours", "theirs"]) stack.Apply(KernelChange.Add(new Link { Name = name, Kind = "bridge", Flags = LinkFlags.Up }));
        stack.Apply(KernelChange.Add(new Link { Name = "detour", Kind = "ifb", Flags = LinkFlags.Up, Mtu = 1400 }));
        test(stack, stack.FindLink("ours")!, stack.FindLink("theirs")!, stack.FindLink("detour")!);
        return true;
    });

    private static string Tc(string arguments) => Command.Run("tc", arguments.Split(' '));

    /// <summary>Without what is different because the links are.</summary>
    private static string Shown(string what, string link) => Volatile().Replace(Tc($"-j -d {what}"), "").Replace($"\"dev\":\"{link}\",", "", StringComparison.Ordinal);

    [GeneratedRegex("\"index\":\\d+,?")]
    private static partial Regex Volatile();

    private static Qdisc Tbf(int link, TokenBucket bucket) => new() { Interface = link, Kind = "tbf", Handle = 0xca1a0000, Bucket = bucket };

    [Theory]
    [InlineData("rate 8000000bps burst 102400 limit 156000", 8_000_000, 102_400, 156_000, 0, 0)]
    [InlineData("rate 125000bps burst 5120 limit 20000", 125_000, 5_120, 20_000, 0, 0)]
    [InlineData("rate 1000000bps burst 102400 limit 156000 peakrate 8000000bps mtu 2048", 1_000_000, 102_400, 156_000, 8_000_000, 2_048)]
    [InlineData("rate 6250000000bps burst 12800000 limit 1000000", 6_250_000_000, 12_800_000, 1_000_000, 0, 0)]
    [InlineData("rate 5000000000bps burst 12800000 limit 1000000 peakrate 12500000000bps mtu 12800", 5_000_000_000, 12_800_000, 1_000_000, 12_500_000_000, 12_800)]
    public void A_bucket_is_the_one_that_tc_makes(string words, long rate, long burst, uint limit, long peak, long minburst) => Run((stack, ours, theirs, _) =>
    {
        TokenBucket bucket = new((ulong)rate, TokenBucket.Ticks((ulong)burst, (ulong)rate), limit, (ulong)peak, peak == 0 ? 0 : TokenBucket.Ticks((ulong)minburst, (ulong)peak));
        stack.Apply(KernelChange.Replace(Tbf(ours.Index, bucket)));
        Tc($"qdisc add dev theirs root handle ca1a: tbf {words}");
        Assert.Equal(Tbf(ours.Index, bucket), Assert.Single(stack.Qdiscs(), q => q.Interface == ours.Index));
        TokenBucket made = Assert.Single(stack.Qdiscs(), q => q.Interface == theirs.Index).Bucket!;
        // tc says bytes, which the kernel makes time of by its own rounding: a part in a thousand at such rates.
        if (rate > uint.MaxValue) Assert.InRange((double)made.Burst / bucket.Burst, 0.999, 1.001);
        if (rate > uint.MaxValue) made = made with { Burst = bucket.Burst, PeakBurst = bucket.PeakBurst };
        else Assert.Equal(Shown("qdisc show dev theirs", "theirs"), Shown("qdisc show dev ours", "ours"));
        Assert.Equal(bucket, made);
    });

    [Fact]
    public void A_detour_is_the_one_that_tc_makes() => Run((stack, ours, theirs, detour) =>
    {
        stack.Apply(KernelChange.Add(Qdisc.Ingress(ours.Index)));
        stack.Apply(KernelChange.Add(new IngressFilter(ours.Index, detour.Index)));
        Tc("qdisc add dev theirs ingress");
        Tc("filter add dev theirs ingress pref 1 protocol all u32 match u32 0 0 action mirred egress redirect dev detour");
        Assert.Equal(Shown("qdisc show dev theirs", "theirs"), Shown("qdisc show dev ours", "ours"));
        Assert.Equal(Shown("filter show dev theirs ingress", "theirs"), Shown("filter show dev ours ingress", "ours"));
        IngressFilter made = Assert.Single(stack.IngressFilters(ours.Index));
        Assert.Equal((ours.Index, detour.Index, (ushort)1), (made.Interface, made.Target, made.Priority));
        Assert.Equal(made with { Interface = theirs.Index }, Assert.Single(stack.IngressFilters(theirs.Index)));
    });

    [Fact]
    public void A_filter_is_led_elsewhere_in_place_and_tells_that_its_device_is_gone() => Run((stack, ours, theirs, detour) =>
    {
        stack.Apply(KernelChange.Add(Qdisc.Ingress(ours.Index)));
        stack.Apply(KernelChange.Add(new IngressFilter(ours.Index, theirs.Index)));
        IngressFilter made = Assert.Single(stack.IngressFilters(ours.Index));
        stack.Apply(KernelChange.Replace(made with { Target = detour.Index }));
        Assert.Equal(made with { Target = detour.Index }, Assert.Single(stack.IngressFilters(ours.Index)));
        stack.Apply(KernelChange.Delete(detour));
        Assert.Equal(made with { Target = 0 }, Assert.Single(stack.IngressFilters(ours.Index)));
        stack.Apply(KernelChange.Delete(made));
        Assert.Empty(stack.IngressFilters(ours.Index));
    });

    [Theory]
    [InlineData("qdisc add dev ours ingress")]
    [InlineData("qdisc add dev ours clsact")]
    public void Others_filters_are_seen_and_ours_stands_beside_them(string hook) => Run((stack, ours, _, detour) =>
    {
        Tc(hook);
        Tc("filter add dev ours ingress pref 9 protocol ip u32 match ip dport 80 0xffff classid 1:1");
        stack.Apply(KernelChange.Add(new IngressFilter(ours.Index, detour.Index)));
        Assert.Equal([(1, detour.Index), (9, null)], stack.IngressFilters(ours.Index).Select(f => ((int)f.Priority, f.Target)).Order());
        stack.Apply(KernelChange.Delete(stack.IngressFilters(ours.Index).First(f => f.Priority == 1)));
        Assert.Equal([(9, null)], stack.IngressFilters(ours.Index).Select(f => ((int)f.Priority, f.Target)));
    });

    [Fact]
    public void Whatever_is_wanted_reads_back_the_same() => Run((stack, ours, _, _) =>
    {
        foreach (long bits in (long[])[1, 1_000, 8_000_000, 34_359_738_368, 999_999_999_999, long.MaxValue])
            foreach (long? burst in (long?[])[null, 1, 800_000, long.MaxValue])
                foreach (long? peak in (long?[])[null, 1, bits / 2 + bits / 3 + bits / 4, long.MaxValue])
                {
                    TokenBucket bucket = Shape.Of(new QosControls { IngressBandwidth = bits, IngressBurst = burst, IngressPeakrate = peak }, ours.Mtu).Ingress!;
                    stack.Apply(KernelChange.Replace(Tbf(ours.Index, bucket)));
                    Assert.Equal(bucket, Assert.Single(stack.Qdiscs(), q => q.Interface == ours.Index).Bucket);
                }
    });

    [Fact]
    public async Task Changes_of_others_are_heard()
    {
        (RoutingNamespace here, _) = RoutingNamespace.Open(() => true, KernelEventGroups.Traffic);
        using RoutingNamespace kept = here;
        int link = here.AddLink("caliw0"), other = here.AddLink("caliw1");
        Qdisc tbf = Tbf(link, new TokenBucket(1_000_000, 100_000, 100_000));
        here.Stack.Apply(KernelChange.Replace(tbf));
        here.Stack.Apply(KernelChange.Replace(tbf with { Bucket = tbf.Bucket! with { Rate = 2_000_000 } }));
        here.Stack.Apply(KernelChange.Add(Qdisc.Ingress(link)));
        here.Stack.Apply(KernelChange.Add(new IngressFilter(link, other)));
        IngressFilter filter = Assert.Single(here.Stack.IngressFilters(link));
        here.Stack.Apply(KernelChange.Delete(filter));
        here.Stack.Apply(KernelChange.Delete(Qdisc.Ingress(link)));
        here.Stack.Apply(KernelChange.Delete(tbf));
        List<KernelEvent> heard = [];
        while (!heard.Any(e => e.Kind == KernelEventKind.Removed && e.Subject is Qdisc { IsRoot: true })) await here.Monitor!.ReceiveAsync(heard, TestContext.Current.CancellationToken);
        Assert.All(heard, e => Assert.Equal(here.Stack.PortId, e.PortId));
        Assert.Contains(heard, e => e.Subject is Qdisc { Bucket.Rate: 2_000_000 });
        Assert.Contains(heard, e => e.Kind == KernelEventKind.Changed && filter.Equals(e.Subject));
        Assert.Contains(heard, e => e.Kind == KernelEventKind.Removed && e.Subject is IngressFilter gone && gone.Priority == filter.Priority && (gone.Handle == 0 || gone.Handle == filter.Handle));
        Assert.Contains(heard, e => e.Kind == KernelEventKind.Removed && Qdisc.Ingress(link).Equals(e.Subject));
    }

    [Fact]
    public void What_the_kernel_refuses_it_refuses_by_the_errors_that_are_told_by() => Run((stack, ours, _, detour) =>
    {
        Assert.Equal(Errno.ENOENT, stack.Try(KernelChange.Replace(new Qdisc { Interface = ours.Index, Kind = "nosuch", Handle = 0x10000 })).Errno);
        Assert.Equal(Errno.ENOTSUP, stack.Try(KernelChange.Add(new Link { Name = "x", Kind = "nosuch" })).Errno);
        Assert.Equal(Errno.ENODEV, stack.Try(KernelChange.Replace(Tbf(4711, new TokenBucket(1, 1, 1)))).Errno);
        Assert.Equal(Errno.EINVAL, stack.Try(KernelChange.Add(new IngressFilter(ours.Index, detour.Index))).Errno);
    });

    [Fact]
    public void A_cleanup_leaves_what_is_others() => Run((stack, ours, theirs, _) =>
    {
        stack.Apply(KernelChange.Set(new LinkSettings { Index = ours.Index, Name = "caliw0" }));
        stack.Apply(KernelChange.Add(new Link { Name = "bwcali1f", Kind = "ifb" }));
        stack.Apply(KernelChange.Replace(Tbf(ours.Index, new TokenBucket(1_000_000, 100_000, 100_000))));
        stack.Apply(KernelChange.Add(Qdisc.Ingress(ours.Index)));
        stack.Apply(KernelChange.Add(new IngressFilter(ours.Index, stack.FindLink("bwcali1f")!.Index)));
        Tc("qdisc add dev theirs root handle 7: tbf rate 1mbit burst 5kb limit 9kb");
        Assert.All(stack.ApplyAll([.. Shaper.Removal(stack, new FelixParameters())]), r => Assert.True(r.IsOk, r.Error));
        Assert.Equal((theirs.Index, 0x70000u), Assert.Single(stack.Qdiscs().Where(q => q.Handle != 0).Select(q => (q.Interface, q.Handle))));
        Assert.Null(stack.FindLink("bwcali1f"));
        Assert.NotNull(stack.FindLink("detour"));
    });
}
