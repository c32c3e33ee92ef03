using Canal.Core.Addressing;
using Canal.Testing.Conntrack;
using Canal.Testing.Rig;
using static Canal.Felix.Tests.Loop.SampleObjects;

namespace Canal.Felix.Tests.Loop;

/// <summary>Connections that policy no longer allows are marked, and only those; what it allows again is not marked any more.</summary>
public sealed class RevocationTests : IDisposable
{
    private const uint Revoked = 0x80000;

    private static readonly FakeConnection FromW1 = new(IpAddress.Parse("10.65.0.11"), 1000, IpAddress.Parse("10.65.0.10"), 80);
    private static readonly FakeConnection FromPeer = new(IpAddress.Parse("10.9.9.9"), 1001, IpAddress.Parse("10.65.0.10"), 80);
    private static readonly FakeConnection ToPeer = new(IpAddress.Parse("10.65.0.10"), 1002, IpAddress.Parse("10.9.9.9"), 80);
    private static readonly FakeConnection Translated = new(IpAddress.Parse("10.9.9.9"), 1003, IpAddress.Parse("192.0.2.1"), 8080, IpAddress.Parse("10.65.0.10"));
    private static readonly FakeConnection Foreign = new(IpAddress.Parse("10.9.9.9"), 1004, IpAddress.Parse("10.8.8.8"), 80);

    private readonly LoopHost host = new("on_revoke = \"drop\"");

    public void Dispose() => host.Dispose();

    private void Run(LoopHost at)
    {
        at.AddLink("caliw0");
        at.AddLink("caliw1");
        at.Start([Ready, Calico.Tier("default").Order(1_000_000), Open, W0, W1]);
        Wait(at);
        foreach (FakeConnection connection in new[] { FromW1, FromPeer, ToPeer, Translated, Foreign }) at.Conntrack.Track(connection);
    }

    private static void Wait(LoopHost at)
    {
        for (int i = 0; i < 5; i++)
        {
            at.Time.Advance(TimeSpan.FromSeconds(1));
            at.Step();
        }
    }

    private FakeConnection[] Marked => [.. host.Conntrack.Connections.Where(c => (host.Conntrack.MarkOf(c) & Revoked) != 0)];

    [Fact]
    public void What_a_policy_forbids_from_now_on_is_cut_and_what_it_allows_goes_on()
    {
        Run(host);
        Assert.Empty(Marked);
        host.Put(Policy);
        Wait(host);
        Assert.Equal(new[] { FromPeer, Translated }.OrderBy(c => c.ToString(), StringComparer.Ordinal), Marked.OrderBy(c => c.ToString(), StringComparer.Ordinal));
        Assert.Equal(1, host.Log.Count("2 connections are cut because policy no longer allows them (drop), 0 are allowed again"));

        host.Delete(Policy);
        Wait(host);
        Assert.Empty(Marked);
        Assert.Equal(1, host.Log.Count("0 connections are cut because policy no longer allows them (drop), 2 are allowed again"));
    }

    [Fact]
    public void What_the_kernel_took_only_the_second_time_cuts_all_the_same()
    {
        Run(host);
        host.Nftables.FailNextCommit(Canal.Testing.Nftables.FakeFault.Refused(Linux.Errno.ENOMEM));
        host.Put(Policy);
        Assert.Equal(1, host.Log.Count("programming the kernel failed"));
        Wait(host);
        Assert.Equal(2, Marked.Length);
    }

    [Fact]
    public void A_member_that_leaves_a_set_loses_its_connections()
    {
        Run(host);
        host.Put(Policy);
        Wait(host);
        host.Put(Endpoint("w1", "caliw1", "10.65.0.11/32", "fd00:65::11/128").Labels(("name", "other")));
        Wait(host);
        Assert.Contains(FromW1, Marked);
        Assert.DoesNotContain(ToPeer, Marked);
    }

    [Fact]
    public void What_changed_while_no_agent_ran_is_cut_at_its_start()
    {
        Run(host);
        host.Restart();
        host.Start([Ready, Calico.Tier("default").Order(1_000_000), Open, W0, W1, Policy]);
        Wait(host);
        Assert.Contains(FromPeer, Marked);
        Assert.DoesNotContain(FromW1, Marked);
    }

    [Fact]
    public void By_default_nothing_is_looked_at_and_no_rule_looks_at_the_mark()
    {
        using LoopHost keeping = new();
        Run(keeping);
        keeping.Put(Policy);
        Wait(keeping);
        Assert.All(keeping.Conntrack.Connections, c => Assert.Equal(0u, keeping.Conntrack.MarkOf(c)));
        Assert.DoesNotContain("ct mark", keeping.Dump, StringComparison.Ordinal);
        Run(host);
        Assert.Contains("ct mark & 0x00080000 == 0x00080000 ct state established counter", host.Dump, StringComparison.Ordinal);
    }
}
