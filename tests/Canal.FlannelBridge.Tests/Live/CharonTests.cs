using Canal.Core.Addressing;
using Canal.Core.Flannel;
using Canal.FlannelBridge.Charon;
using Canal.Testing.Rig;

namespace Canal.FlannelBridge.Tests.Live;

/// <summary>The real charon, told by its control socket.</summary>
public sealed class CharonTests
{
    private static IpsecConnection Connection(string name, string remote = "192.0.2.2") => new(
        name, IpAddress.Parse("192.0.2.1"), IpAddress.Parse("192.0.2.1"), IpAddress.Parse(remote), Cidr.Parse("10.5.1.0/24"), Cidr.Parse("10.5.2.0/24"), "aes128gcm16-sha256-prfsha256-ecp256", false);

    [Fact]
    public async Task Charon_takes_a_connection_lists_it_and_forgets_it()
    {
        using CharonHost host = new();
        await host.Start();
        using ViciCharon charon = new(host.Socket);
        Assert.True(charon.Attach());
        Assert.False(charon.Attach());
        Assert.Empty(charon.Connections());
        charon.LoadSecret("canal-x:", IpsecSecret.Of(IpsecHost.Secret), [IpAddress.Parse("192.0.2.1"), IpAddress.Parse("192.0.2.2")]);
        charon.Load(Connection("canal-x:one"));
        charon.Load(Connection("canal-x:two", "192.0.2.3"));
        Assert.Equal(["canal-x:one", "canal-x:two"], charon.Connections().Order());
        string listed = host.Swanctl("--list-conns");
        foreach (string line in (string[])["canal-x:one: IKEv2", "local:  192.0.2.1", "remote: 192.0.2.2", "pre-shared key", "id: 192.0.2.2", "canal-x:one: TUNNEL", "local:  10.5.1.0/24", "remote: 10.5.2.0/24"])
            Assert.Contains(line, listed, StringComparison.Ordinal);
        Assert.Empty(charon.Established());
        await Poll.Until(() => host.Swanctl("--list-sas").Contains("canal-x:one: #", StringComparison.Ordinal), "charon does not try the connection");

        charon.Unload("canal-x:one");
        charon.Unload("canal-x:one");
        Assert.Equal(["canal-x:two"], charon.Connections());
        await Poll.Until(() => !host.Swanctl("--list-sas").Contains("canal-x:one", StringComparison.Ordinal), "charon goes on with the connection");
        charon.UnloadSecret("canal-x:");
        charon.UnloadSecret("canal-x:");
        Assert.DoesNotContain(IpsecHost.Secret, host.Journal, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_that_charon_has_is_not_tried_a_second_time()
    {
        using CharonHost host = new();
        await host.Start();
        using ViciCharon charon = new(host.Socket), another = new(host.Socket);
        charon.Attach();
        charon.LoadSecret("canal-x:", IpsecSecret.Of(IpsecHost.Secret), [IpAddress.Parse("192.0.2.1"), IpAddress.Parse("192.0.2.2")]);
        charon.Load(Connection("canal-x:one"));
        await Poll.Until(() => host.Journal.Contains("sending packet", StringComparison.Ordinal), "charon does not try the connection");
        another.Attach();
        another.Load(Connection("canal-x:one"));
        Assert.Single(host.Swanctl("--list-sas").Split('\n'), line => line.StartsWith("canal-x:one:", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_proposal_that_charon_does_not_know_is_refused_in_its_words()
    {
        using CharonHost host = new();
        await host.Start();
        using ViciCharon charon = new(host.Socket);
        charon.Attach();
        ViciRefusal refused = Assert.Throws<ViciRefusal>(() => charon.Load(Connection("canal-x:one") with { EspProposal = "rot13" }));
        Assert.StartsWith("charon refuses load-conn: ", refused.Message, StringComparison.Ordinal);
        Assert.Contains("esp_proposals", refused.Message, StringComparison.Ordinal);
        Assert.Empty(charon.Connections());
    }

    [Fact]
    public async Task That_charon_ends_and_comes_back_is_told_at_once_and_it_is_attached_to_anew()
    {
        using CharonHost host = new();
        await host.Start();
        using ViciCharon charon = new(host.Socket);
        int told = 0;
        using CancellationTokenSource stop = new();
        Task watch = charon.WatchAsync(() => Task.FromResult(Interlocked.Increment(ref told)), stop.Token);
        charon.Attach();
        charon.Load(Connection("canal-x:one"));
        await Poll.Until(() => Volatile.Read(ref told) == 1, "the start is not told");
        host.Stop();
        await Poll.Until(() => Volatile.Read(ref told) == 2, "the end is not told");
        Assert.Equal($"strongSwan's charon cannot be reached at {host.Socket}: it does not run", Assert.Throws<ViciException>(() => charon.Attach()).Message);
        await host.Start();
        await Poll.Until(() => Volatile.Read(ref told) == 3, "the second start is not told");
        Assert.True(charon.Attach());
        Assert.Empty(charon.Connections());
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watch);
    }

    [Fact]
    public async Task A_hundred_peers_are_told_within_seconds()
    {
        using CharonHost host = new();
        await host.Start();
        using ViciCharon charon = new(host.Socket);
        charon.Attach();
        IpAddress[] owners = [.. Enumerable.Range(2, 100).Select(i => IpAddress.Parse($"192.0.2.{i}"))];
        charon.LoadSecret("canal-x:", IpsecSecret.Of(IpsecHost.Secret), owners);
        foreach (IpAddress owner in owners) charon.Load(Connection($"canal-x:{owner}", owner.ToString()));
        Assert.Equal(100, charon.Connections().Count);
    }
}
