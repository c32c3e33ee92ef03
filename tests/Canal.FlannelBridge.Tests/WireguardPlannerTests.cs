using Canal.Core.Addressing;
using Canal.Core.Flannel;
using Canal.Core.Overlay;
using Canal.Linux;
using Canal.Linux.Routing;
using Canal.Linux.WireGuard;

namespace Canal.FlannelBridge.Tests;

public sealed class WireguardPlannerTests
{
    private const string V4 = "\"Network\":\"10.5.0.0/16\"";
    private const string SharedKey = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    private static void Has(WireguardHost host, params string[] lines)
    {
        foreach (string line in lines) Assert.Contains(line, host.Dump, StringComparison.Ordinal);
    }

    [Fact]
    public void The_device_comes_before_the_lease_and_tells_it_key_and_port()
    {
        using WireguardHost host = new WireguardHost(V4).Apply();
        Link link = host.Kernel.FindLink("flannel-wg")!;
        Assert.Equal(("wireguard", 1420u, true), (link.Kind, link.Mtu, link.IsAdminUp));
        Assert.Equal(51820, host.WireGuard.Read("flannel-wg").ListenPort);
        Assert.Equal($$$"""{"PublicIP":"192.0.2.1","PublicIPv6":null,"BackendType":"wireguard","BackendData":{"PublicKey":"{{{host.Key}}}","Port":51820}}""", System.Text.Encoding.UTF8.GetString(host.Wirer.Lease!.Write()));
        Assert.DoesNotContain("route 10.5.", host.Dump, StringComparison.Ordinal);
        host.Own("10.5.1.0-24").Peer(2, "10.5.2.0-24", "192.0.2.2");
        Has(host, "address 10.5.1.0/32 dev flannel-wg", "route 10.5.0.0/16 dev flannel-wg proto boot scope link");
        Assert.Equal(["192.0.2.2:51820 [10.5.2.0/24]"], host.Peers());
        Assert.Empty(host.Wirer.Failures);
    }

    [Fact]
    public void Separate_devices_have_a_family_each_their_own_port_and_one_key()
    {
        using WireguardHost host = new WireguardHost(WireguardHost.DualStack, ",\"ListenPort\":7001,\"ListenPortV6\":7002,\"MTU\":1400").Own("10.5.1.0-24&fd05:0:0:1::-64");
        host.Peer(2, "10.5.2.0-24&fd05:0:0:2::-64", "192.0.2.2", "2001:db8::2", port: 8001, portV6: 0);
        Assert.Equal((1320u, 1320u), (host.Kernel.FindLink("flannel-wg")!.Mtu, host.Kernel.FindLink("flannel-wg-v6")!.Mtu));
        Assert.Equal(((ushort)7001, (ushort)7002), (host.WireGuard.Read("flannel-wg").ListenPort, host.WireGuard.Read("flannel-wg-v6").ListenPort));
        Assert.Equal(host.Key, host.WireGuard.Read("flannel-wg-v6").PublicKey);
        Assert.Equal((WireguardBackend.LeaseData(host.Key, 7001), WireguardBackend.LeaseData(host.Key, 7002)), (host.Wirer.Lease!.BackendData, host.Wirer.Lease.BackendV6Data));
        Assert.Equal(["192.0.2.2:8001 [10.5.2.0/24]"], host.Peers());
        Assert.Equal(["[2001:db8::2]:7002 [fd05:0:0:2::/64]"], host.Peers("flannel-wg-v6"));
        Has(host, "address 10.5.1.0/32 dev flannel-wg\n", "address fd05:0:0:1::/128 dev flannel-wg-v6", "route 10.5.0.0/16 dev flannel-wg ", "route fd05::/48 dev flannel-wg-v6 ");
    }

    [Theory]
    [InlineData("ipv4", "192.0.2.2", "192.0.2.2:51820")]
    [InlineData("ipv6", "192.0.2.2", "[2001:db8::2]:51820")]
    [InlineData("auto", "192.0.2.2", "192.0.2.2:51820")]
    [InlineData("auto", "10.9.0.2", "[2001:db8::2]:51820")]
    public void One_device_carries_both_families_over_the_family_of_the_mode(string mode, string peer, string endpoint)
    {
        using WireguardHost host = new WireguardHost(WireguardHost.DualStack, $",\"Mode\":\"{mode}\"").Own("10.5.1.0-24&fd05:0:0:1::-64");
        host.Peer(2, "10.5.2.0-24&fd05:0:0:2::-64", peer, "2001:db8::2", port: 0, portV6: 0);
        Assert.Null(host.Kernel.FindLink("flannel-wg-v6"));
        Assert.Equal([$"{endpoint} [10.5.2.0/24, fd05:0:0:2::/64]"], host.Peers());
        Assert.Equal((WireguardBackend.LeaseData(host.Key, 51820), WireguardBackend.LeaseData(host.Key, 51820)), (host.Wirer.Lease!.BackendData, host.Wirer.Lease.BackendV6Data));
        Has(host, "address 10.5.1.0/32 dev flannel-wg", "address fd05:0:0:1::/128 dev flannel-wg", "route 10.5.0.0/16 dev flannel-wg ", "route fd05::/48 dev flannel-wg ");
        Assert.Empty(host.Wirer.Failures);
    }

    [Fact]
    public void Peers_change_with_their_leases_and_nothing_is_sent_twice()
    {
        using WireguardHost host = new WireguardHost(V4, $",\"PSK\":\"{SharedKey}\",\"PersistentKeepaliveInterval\":25").Own("10.5.1.0-24").Peer(2, "10.5.2.0-24", "192.0.2.2").Peer(3, "10.5.3.0-24", "192.0.2.3");
        Assert.All(host.WireGuard.Read("flannel-wg").Peers, peer => Assert.Equal((WireGuardSecret.TryParse(SharedKey), (ushort)25), (peer.PresharedKey, peer.KeepAlive)));
        host.WireGuard.Requests.Clear();
        host.Kernel.ForgetRequests();
        host.Peer(3, "10.5.3.0-24", "192.0.2.3");
        Assert.Empty(host.WireGuard.Requests);
        Assert.Empty(host.Kernel.Requests);

        host.Peer(3, "10.5.3.0-24", "192.0.2.33");
        Assert.Equal(["192.0.2.2:51820 [10.5.2.0/24]", "192.0.2.33:51820 [10.5.3.0/24]"], host.Peers());
        host.Peer(3, "10.5.3.0-24", "192.0.2.33", key: WireguardHost.KeyOf(9));
        Assert.Equal([WireguardHost.KeyOf(2), WireguardHost.KeyOf(9)], host.WireGuard.Read("flannel-wg").Peers.Select(p => p.Key));
        Assert.Equal(["192.0.2.2:51820 [10.5.2.0/24]", "192.0.2.33:51820 [10.5.3.0/24]"], host.Peers());
        host.Forget("10.5.3.0-24");
        Assert.Equal(["192.0.2.2:51820 [10.5.2.0/24]"], host.Peers());
    }

    [Fact]
    public void Where_a_peer_was_heard_last_counts_until_its_lease_says_something_else()
    {
        using WireguardHost host = new WireguardHost(V4).Own("10.5.1.0-24").Peer(2, "10.5.2.0-24", "192.0.2.2");
        Roam(host, "203.0.113.7");
        host.Wirer.Doubt();
        Assert.Equal(["203.0.113.7:4000 [10.5.2.0/24]"], host.Apply().Peers());
        Assert.Equal(["192.0.2.22:51820 [10.5.2.0/24]"], host.Peer(2, "10.5.2.0-24", "192.0.2.22").Peers());

        static void Roam(WireguardHost host, string address) => host.WireGuard.Change(new WireGuardChange
        {
            Interface = host.Kernel.FindLink("flannel-wg")!.Index,
            Peers = [new WireGuardPeerChange(WireguardHost.KeyOf(2)) { Endpoint = new WireGuardEndpoint(IpAddress.Parse(address), 4000) }],
        });
    }

    [Fact]
    public void A_device_that_is_taken_away_comes_back_with_the_key_that_others_know()
    {
        using WireguardHost host = new WireguardHost(V4, $",\"PSK\":\"{SharedKey}\"").Own("10.5.1.0-24").Peer(2, "10.5.2.0-24", "192.0.2.2");
        WireGuardKey key = host.Key;
        string whole = host.Dump;
        WireGuardPeer peer = Assert.Single(host.WireGuard.Read("flannel-wg").Peers);
        host.Kernel.Meddle(KernelChange.Delete(host.Kernel.FindLink("flannel-wg")!));
        host.Apply();
        Assert.Equal(key, host.Key);
        Assert.Equal(peer, Assert.Single(host.WireGuard.Read("flannel-wg").Peers));
        Assert.Equal(WithoutIndexes(whole), WithoutIndexes(host.Dump));

        static string WithoutIndexes(string dump) => System.Text.RegularExpressions.Regex.Replace(dump, "^link [0-9]+", "link", System.Text.RegularExpressions.RegexOptions.Multiline);
    }

    [Fact]
    public void The_key_is_in_a_file_of_the_agents_alone_and_stays()
    {
        using WireguardHost host = new WireguardHost(V4).Apply();
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(host.KeyPath));
        string text = File.ReadAllText(host.KeyPath);
        Assert.Equal(45, text.Length);
        host.Wirer.Doubt();
        host.Apply();
        Assert.Equal(text, File.ReadAllText(host.KeyPath));

        File.WriteAllText(host.KeyPath, "not a key");
        host.Wirer.Doubt();
        host.Apply();
        Assert.Equal([$"{host.KeyPath} holds no WireGuard key; without the file a new one is made"], host.Wirer.Failures);
    }

    [Fact]
    public void Of_two_leases_with_one_key_the_newer_counts_and_the_own_key_is_nobody_elses()
    {
        using WireguardHost host = new WireguardHost(V4).Own("10.5.1.0-24");
        host.Peer(2, "10.5.2.0-24", "192.0.2.2", created: 10).Peer(2, "10.5.3.0-24", "192.0.2.3", created: 20).Peer(2, "10.5.4.0-24", "192.0.2.3", created: 5).Peer(4, "10.5.5.0-24", "192.0.2.4", key: host.Key);
        Assert.Equal(["192.0.2.3:51820 [10.5.3.0/24, 10.5.4.0/24]"], host.Peers());
        Assert.Equal("its PublicKey is that of 192.0.2.3 ('wireguard') too, whose lease is newer", host.Wirer.Plan.Refused["10.5.2.0-24"]);
        Assert.Equal("its PublicKey is this host's own", host.Wirer.Plan.Refused["10.5.5.0-24"]);
    }

    [Fact]
    public void A_kernel_without_WireGuard_is_one_clear_message_and_no_lease()
    {
        using WireguardHost host = new(V4);
        host.Kernel.RefuseNext(95, change => change.Subject is Link { Kind: "wireguard" });
        host.Apply();
        Assert.Contains("this kernel has no devices of type wireguard, which the configuration asks for", Assert.Single(host.Wirer.Failures), StringComparison.Ordinal);
        Assert.Null(host.Wirer.Lease);
    }

    [Fact]
    public void What_the_device_refuses_is_told_by_its_name_and_keeps_the_lease_back()
    {
        using WireguardHost host = new(V4);
        host.WireGuard.RefuseNext(98);
        host.Apply();
        Assert.StartsWith("flannel-wg: change the WireGuard device", Assert.Single(host.Wirer.Failures), StringComparison.Ordinal);
        Assert.Null(host.Wirer.Lease);
        host.Wirer.Doubt();
        Assert.NotNull(host.Apply().Wirer.Lease);
        host.Own("10.5.1.0-24");
        host.WireGuard.RefuseNext(Errno.EPERM);
        host.Peer(2, "10.5.2.0-24", "192.0.2.2");
        Assert.StartsWith("flannel-wg: ", Assert.Single(host.Wirer.Failures), StringComparison.Ordinal);
        host.Wirer.Doubt();
        Assert.Equal(["192.0.2.2:51820 [10.5.2.0/24]"], host.Apply().Peers());
    }

    [Fact]
    public void Secrets_have_no_text()
    {
        FlannelNetwork network = WireguardHost.Network(V4, $",\"PSK\":\"{SharedKey}\"");
        string[] texts = [network.ToString(), FlannelBackend.Read(network).ToString(), new WireGuardPeer { Key = default, PresharedKey = WireGuardSecret.TryParse(SharedKey)! }.ToString(), new WireGuardPeerChange(default) { PresharedKey = WireGuardSecret.TryParse(SharedKey) }.ToString()];
        Assert.All(texts, text => Assert.DoesNotContain(SharedKey[..20], text, StringComparison.Ordinal));
        FlannelFormatException wrong = Assert.Throws<FlannelFormatException>(() => FlannelBackend.Read(WireguardHost.Network(V4, ",\"PSK\":1234567")));
        Assert.Equal("PSK is not a key of 32 bytes in base64", wrong.Message);
    }

    [Theory]
    [InlineData("ipv6", V4, "Mode ipv6 needs EnableIPv6")]
    [InlineData("ipv4", "\"EnableIPv4\":false,\"EnableIPv6\":true,\"IPv6Network\":\"fd05::/48\"", "Mode ipv4 needs EnableIPv4")]
    public void A_mode_of_a_family_that_leases_do_not_tell_is_refused(string mode, string network, string message)
    {
        FlannelFormatException wrong = Assert.Throws<FlannelFormatException>(() => FlannelBackend.Read(WireguardHost.Network(network, $",\"Mode\":\"{mode}\"")));
        Assert.Equal(message, wrong.Message);
    }
}
