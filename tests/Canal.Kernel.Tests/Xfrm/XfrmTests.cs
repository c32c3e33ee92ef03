using Canal.Core.Addressing;
using Canal.Linux.Namespaces;
using Canal.Linux.Xfrm;
using Canal.Testing;

namespace Canal.Kernel.Tests.Xfrm;

/// <summary>The kernel's IPsec policies, and those in memory held to them.</summary>
public sealed class XfrmTests
{
    private static readonly XfrmPolicy Out = new()
    {
        Direction = XfrmDirection.Out,
        Source = Cidr.Parse("10.5.1.0/24"),
        Destination = Cidr.Parse("10.5.2.0/24"),
        Priority = 1012,
        Tunnel = new XfrmTunnel(IpAddress.Parse("192.0.2.1"), IpAddress.Parse("192.0.2.2"), 11),
    };

    private static readonly XfrmPolicy Block = new() { Direction = XfrmDirection.Forward, Source = Cidr.Parse("0.0.0.0/0"), Destination = Cidr.Parse("10.5.0.0/16"), Priority = 1013, IsBlock = true };

    [Fact]
    public void Policies_in_memory_are_as_the_kernels()
    {
        using NetlinkXfrm kernel = new();
        FakeXfrm fake = new();
        List<XfrmPolicy> read = NetworkNamespace.RunInNew(() =>
        {
            Action<IXfrm>[] steps =
            [
                x => x.Set(Out), x => x.Set(Block), x => x.Set(Out with { Direction = XfrmDirection.In }), x => x.Set(Block with { Direction = XfrmDirection.Out, IsBlock = false }),
                x => x.Set(Out with { Priority = 7 }), x => x.Set(Out with { Tunnel = Out.Tunnel! with { Destination = IpAddress.Parse("192.0.2.9") } }), x => x.Set(Out with { Priority = 2000 }),
                x => x.Set(Block with { IsBlock = false, Priority = 1 }), x => x.Delete(Out with { Direction = XfrmDirection.In, Tunnel = null, Priority = 3 }), x => x.Delete(Out with { Source = Block.Source }),
            ];
            foreach (Action<IXfrm> step in steps)
            {
                step(fake);
                step(kernel);
                Assert.Equal(fake.Policies().ToHashSet(), kernel.Policies().ToHashSet());
            }
            return kernel.Policies().ToList();
        });
        Assert.Equal(3, read.Count);
    }

    [Fact]
    public void Policies_of_other_kinds_are_left_out() => Assert.Equal([Out], NetworkNamespace.RunInNew(() =>
    {
        using NetlinkXfrm kernel = new();
        kernel.Set(Out);
        foreach (string policy in (string[])["src 10.5.1.0/24 dst 10.5.3.0/24 proto tcp dir out", "src 10.5.1.0/24 dst 10.5.3.0/24 dir out mark 7 mask 7", "src 10.5.1.0/24 dst 10.5.3.0/24 dir out if_id 9", "src 10.5.1.0/24 dst 10.5.4.0/24 dir out tmpl proto esp mode transport reqid 11"])
            Canal.Testing.Rig.Command.Run("ip", ["xfrm", "policy", "add", .. policy.Split(' ')]);
        return kernel.Policies().ToArray();
    }));

    [Fact]
    public async Task What_another_does_to_a_policy_is_heard_and_own_changes_are_not()
    {
        using NetlinkXfrm own = new(), other = new();
        using XfrmMonitor monitor = NetworkNamespace.RunInNew(() =>
        {
            _ = other.PortId;
            return XfrmMonitor.Open(own.PortId);
        });
        Task heard = monitor.WaitAsync(TestContext.Current.CancellationToken).AsTask();
        own.Set(Out);
        own.Delete(Out);
        await Task.WhenAny(heard, Task.Delay(300, TestContext.Current.CancellationToken));
        Assert.False(heard.IsCompleted);
        other.Set(Block);
        await heard.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
    }

    [Fact]
    public void Whether_there_is_ESP_is_asked_without_leaving_anything() => NetworkNamespace.RunInNew(() =>
    {
        using NetlinkXfrm kernel = new();
        bool first = kernel.HasEsp();
        Assert.Equal(first, kernel.HasEsp());
        Assert.Equal("", Canal.Testing.Rig.Command.Run("ip", ["xfrm", "state"]));
        return 0;
    });
}
