using System.Diagnostics;
using System.Text.RegularExpressions;
using Canal.Core.Flannel;
using Canal.Testing.Rig;

namespace Canal.FlannelBridge.Tests.Live;

/// <summary>What may happen to leases, to etcd, and to what is in the kernel.</summary>
public sealed class FaultTests
{
    private const string Vxlan = """{"Network":"10.5.0.0/16","Backend":{"Type":"vxlan"}}""";

    /// <summary>Something taken away is back within a second.</summary>
    private static readonly TimeSpan Healing = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task A_lease_that_is_deleted_is_made_again_with_the_same_subnet_and_no_packet_is_lost()
    {
        await using FlannelFabric fabric = await FlannelFabric.Start(Vxlan);
        FlannelHost one = fabric.AddHost(1), two = fabric.AddHost(2);
        await fabric.Run(one, two);
        FlannelSubnet subnet = one.Subnet;
        await fabric.Etcd.CtlAsync("del", $"{FlannelFabric.Prefix}/subnets/{subnet}");
        await fabric.Until(async () => (await fabric.Leases()).ContainsKey(subnet.ToString()), "the lease was not made again");
        await fabric.Until(() => one.Log.Contains("is gone from etcd", StringComparison.Ordinal), "nothing was said");
        await fabric.Until(() => one.Reaches(two), "the hosts do not reach each other");
        Assert.Equal(subnet, one.Subnet);
        Assert.True(one.IsRunning);
    }

    [Fact]
    public async Task A_lease_that_another_host_takes_is_left_to_it_and_another_subnet_leased()
    {
        await using FlannelFabric fabric = await FlannelFabric.Start(Vxlan);
        FlannelHost one = fabric.AddHost(1), two = fabric.AddHost(2);
        await fabric.Run(one, two);
        FlannelSubnet subnet = one.Subnet;
        const string thief = """{"PublicIP":"192.168.50.77","PublicIPv6":null,"BackendType":"vxlan","BackendData":{"VNI":1,"VtepMAC":"0e:00:00:00:00:77"}}""";
        await fabric.Etcd.CtlAsync("put", $"{FlannelFabric.Prefix}/subnets/{subnet}", thief);
        await fabric.Until(() => one.Subnet != subnet, "the subnet did not change");
        FlannelSubnet now = one.Subnet;
        Dictionary<string, string> leases = await fabric.Leases();
        Assert.Equal(thief, leases[subnet.ToString()]);
        Assert.Contains("192.168.50.1", leases[now.ToString()], StringComparison.Ordinal);
        await fabric.Until(() => two.Routes().Contains($"{now.V4Cidr} via {now.V4} dev flannel.1", StringComparison.Ordinal), "the other host did not follow");
        Assert.Contains($"{now.V4}/32", one.Netns.Shell("ip -4 addr show dev flannel.1"), StringComparison.Ordinal);
        Assert.True(one.IsRunning);
    }

    [Fact]
    public async Task Leases_are_renewed_and_survive_an_etcd_that_is_away_for_longer_than_they_live()
    {
        await using FlannelFabric fabric = await FlannelFabric.Start(Vxlan);
        FlannelHost one = fabric.AddHost(1, 50, "lease_duration = \"4s\""), two = fabric.AddHost(2, 50, "lease_duration = \"4s\"");
        await fabric.Run(one, two);
        (FlannelSubnet first, FlannelSubnet second) = (one.Subnet, two.Subnet);
        string key = $"{FlannelFabric.Prefix}/subnets/{first}", before = await fabric.Etcd.CtlAsync("get", "-w", "fields", key);
        await fabric.Until(async () => await fabric.Etcd.CtlAsync("get", "-w", "fields", key) is var now && Field(now, "ModRevision") > Field(before, "ModRevision") && Field(now, "CreateRevision") == Field(before, "CreateRevision"), "the lease was not renewed in place");
        // A renewal leaves no etcd lease behind: one a host.
        await fabric.Until(async () => Regex.Count(await fabric.Etcd.CtlAsync("lease", "list"), "^[0-9a-f]{10,}", RegexOptions.Multiline) == 2, "dead leases linger");

        fabric.Etcd.Freeze();
        await Task.Delay(TimeSpan.FromSeconds(6));
        Assert.True(one.Reaches(two), "without etcd the hosts must go on");
        fabric.Etcd.Thaw();
        await fabric.Until(async () => (await fabric.Leases()) is var leases && leases.ContainsKey(first.ToString()) && leases.ContainsKey(second.ToString()), "the leases did not come back");
        await Task.Delay(TimeSpan.FromSeconds(1));
        Assert.Equal((first, second), (one.Subnet, two.Subnet));
        await fabric.Until(() => one.Reaches(two) && two.Reaches(one), "the hosts do not reach each other");
        Assert.Empty(Regex.Matches(one.Log, "FAIL|Unhandled"));
    }

    private static long Field(string fields, string name) => long.Parse(Regex.Match(fields, $"\"{name}\" : ([0-9]+)").Groups[1].Value);

    [Fact]
    public async Task A_lease_that_lapsed_and_was_given_to_another_host_is_not_taken_back()
    {
        await using FlannelFabric fabric = await FlannelFabric.Start(Vxlan);
        FlannelHost one = fabric.AddHost(1);
        await fabric.Run(one);
        FlannelSubnet subnet = one.Subnet;
        one.Kill();
        await fabric.Etcd.CtlAsync("del", $"{FlannelFabric.Prefix}/subnets/{subnet}");
        await fabric.Etcd.CtlAsync("put", $"{FlannelFabric.Prefix}/subnets/{subnet}", """{"PublicIP":"192.168.50.9","PublicIPv6":null,"BackendType":"vxlan","BackendData":{"VNI":1,"VtepMAC":"0e:00:00:00:00:09"}}""");
        one.Start();
        await fabric.Until(() => one.Subnet != subnet, "the subnet of another host is used");
        Assert.Contains("192.168.50.9", (await fabric.Leases())[subnet.ToString()], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_restart_takes_up_the_lease_and_writes_nothing_to_etcd_or_the_kernel()
    {
        await using FlannelFabric fabric = await FlannelFabric.Start(Vxlan);
        FlannelHost one = fabric.AddHost(1, 50, "masquerade = \"bridge\""), two = fabric.AddHost(2);
        await fabric.Run(one, two);
        string key = $"{FlannelFabric.Prefix}/subnets/{one.Subnet}", before = await fabric.Etcd.CtlAsync("get", "-w", "fields", key), entries = string.Join('\n', one.Entries());
        one.Kill();
        using Process monitor = one.Netns.Run(() => Process.Start(new ProcessStartInfo("ip", ["monitor", "link", "address", "route", "neigh"]) { RedirectStandardOutput = true })!);
        one.Start();
        await fabric.Until(() => one.Ask("--status").Contains("ready: yes", StringComparison.Ordinal), "it did not get ready");
        await Task.Delay(300);
        monitor.Kill();
        string changes = string.Join('\n', (await monitor.StandardOutput.ReadToEndAsync()).Split('\n').Where(l => l.Contains("flannel", StringComparison.Ordinal) && !l.Contains("fe80:", StringComparison.Ordinal)));
        Assert.Equal("", changes);
        Assert.Equal(entries, string.Join('\n', one.Entries()));
        Assert.Equal(Field(before, "ModRevision"), Field(await fabric.Etcd.CtlAsync("get", "-w", "fields", key), "ModRevision"));
        Assert.True(one.Reaches(two));
    }

    [Fact]
    public async Task Entries_of_hosts_that_went_while_nobody_looked_are_collected_and_others_routes_left_alone()
    {
        await using FlannelFabric fabric = await FlannelFabric.Start(Vxlan);
        FlannelHost one = fabric.AddHost(1), two = fabric.AddHost(2), three = fabric.AddHost(3, 60);
        await fabric.Run(one, two, three);
        FlannelSubnet gone = three.Subnet;
        one.Kill();
        three.Kill();
        await fabric.Etcd.CtlAsync("del", $"{FlannelFabric.Prefix}/subnets/{gone}");
        one.Netns.Shell($"""
            bridge fdb add 0e:00:00:00:00:01 dev flannel.1 dst 192.168.50.99 self permanent
            ip neigh add 10.5.250.0 lladdr 0e:00:00:00:00:01 dev flannel.1 nud permanent
            ip route add 10.5.250.0/24 via 10.5.250.0 dev flannel.1 onlink
            ip route add 10.5.251.0/24 via 192.168.50.2 dev e0
            ip route add 10.5.252.0/24 via 192.168.50.2 dev e0 proto static
            ip route add 10.9.0.0/24 via 192.168.50.2 dev e0
            """);
        one.Start();
        await fabric.Until(() => !one.Routes().Contains(gone.V4Cidr.ToString()!, StringComparison.Ordinal) && one.Ask("--status").Contains("ready: yes", StringComparison.Ordinal), "the route of a host that is gone stays");
        Assert.Equal(two.Told.Subnet!.Value.V4Cidr + " via " + two.Subnet.V4 + " dev flannel.1 onlink", Assert.Single(one.Routes().Split('\n'), l => l.Contains("flannel.1 onlink", StringComparison.Ordinal)).Trim());
        Assert.Single(Regex.Matches(one.Netns.Shell("bridge fdb show dev flannel.1"), "dst "));
        Assert.Single(Regex.Matches(one.Netns.Shell("ip neigh show dev flannel.1"), "PERMANENT"));
        Assert.DoesNotContain("10.5.251.0", one.Routes(), StringComparison.Ordinal);
        Assert.Contains("10.5.252.0/24", one.Routes(), StringComparison.Ordinal);
        Assert.Contains("10.9.0.0/24", one.Routes(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_peer_with_another_hardware_address_and_another_public_one_replaces_its_entries()
    {
        await using FlannelFabric fabric = await FlannelFabric.Start(Vxlan);
        FlannelHost one = fabric.AddHost(1);
        await fabric.Run(one);
        const string key = $"{FlannelFabric.Prefix}/subnets/10.5.200.0-24";
        await fabric.Etcd.CtlAsync("put", key, """{"PublicIP":"192.168.50.7","PublicIPv6":null,"BackendType":"vxlan","BackendData":{"VNI":1,"VtepMAC":"0e:00:00:00:00:07"}}""");
        await fabric.Until(() => one.Netns.Shell("bridge fdb show dev flannel.1").Contains("0e:00:00:00:00:07 dst 192.168.50.7", StringComparison.Ordinal), "the peer is not known");
        await fabric.Etcd.CtlAsync("put", key, """{"PublicIP":"192.168.60.8","PublicIPv6":null,"BackendType":"vxlan","BackendData":{"VNI":1,"VtepMAC":"0e:00:00:00:00:08"}}""");
        await fabric.Until(() => one.Netns.Shell("bridge fdb show dev flannel.1").Contains("0e:00:00:00:00:08 dst 192.168.60.8", StringComparison.Ordinal), "the new address is not known");
        Assert.Single(Regex.Matches(one.Netns.Shell("bridge fdb show dev flannel.1"), "dst "));
        Assert.Contains("10.5.200.0 lladdr 0e:00:00:00:00:08", one.Netns.Shell("ip neigh show dev flannel.1"), StringComparison.Ordinal);
        await fabric.Etcd.CtlAsync("del", key);
        await fabric.Until(() => one.Entries() is [_], "what belonged to the peer stays");
    }

    [Fact]
    public async Task Junk_under_the_prefix_is_told_and_harms_nothing()
    {
        await using FlannelFabric fabric = await FlannelFabric.Start(Vxlan);
        FlannelHost one = fabric.AddHost(1), two = fabric.AddHost(2);
        await fabric.Run(one, two);
        foreach ((string key, string value) in new[]
        {
            ("subnets/README", "hello"), ("subnets/10.5.201.0-24", "not json"), ("subnets/10.5.202.0-24", """{"PublicIP":""}"""), ("subnetsX/10.5.203.0-24", """{"PublicIP":"192.168.50.3"}"""),
            ("subnets/0.0.0.0-1", """{"PublicIP":"192.168.50.4","BackendType":"vxlan","BackendData":{"VtepMAC":"0e:00:00:00:00:04"}}"""),
            ("subnets/10.5.204.0-24", """{"PublicIP":"192.168.50.4","BackendType":"vxlan","BackendData":{"VtepMAC":"ff:ff:ff:ff:ff:ff"}}"""),
            ("subnets/10.5.205.0-24", """{"PublicIP":"224.0.0.1","BackendType":"vxlan","BackendData":{"VtepMAC":"0e:00:00:00:00:05"}}"""),
            ("subnets/10.5.206.0-24", """{"PublicIP":"192.168.50.4","BackendType":"host-gw"}"""),
        })
        {
            await fabric.Etcd.CtlAsync("put", $"{FlannelFabric.Prefix}/{key}", value);
            await fabric.Until(() => one.Log.Contains($"{FlannelFabric.Prefix}/{key} is not used", StringComparison.Ordinal), $"{key} is not told");
        }
        Assert.Equal(3, one.Entries().Count(l => l.Contains(two.Subnet.V4.ToString(), StringComparison.Ordinal) || l.Contains("dst 192.168.50.2", StringComparison.Ordinal)));
        Assert.DoesNotContain("10.5.20", one.Routes().Replace(one.Subnet.V4Cidr + "", "").Replace(two.Subnet.V4Cidr + "", ""), StringComparison.Ordinal);
        Assert.True(one.Reaches(two));
        await fabric.Etcd.CtlAsync("del", $"{FlannelFabric.Prefix}/subnets/README");
        await fabric.Until(() => one.Log.Contains("subnets/README is good again, or gone", StringComparison.Ordinal), "its end is not told");
    }

    [Fact]
    public async Task A_configuration_that_is_wrong_changes_nothing_and_one_that_comes_late_is_waited_for()
    {
        await using FlannelFabric fabric = await FlannelFabric.Start();
        FlannelHost one = fabric.AddHost(1), two = fabric.AddHost(2);
        one.Start();
        await fabric.Until(() => one.Log.Contains("the network is not configured yet", StringComparison.Ordinal), "the missing configuration is not told");
        await fabric.Configure("""{"Network":"10.5.0.0/16","SubnetLen":"24"}""");
        await fabric.Until(() => one.Log.Contains("SubnetLen is '\"24\"', not a whole number", StringComparison.Ordinal), "the wrong one is not told");
        Assert.False(one.HasSubnet);
        await fabric.Configure(Vxlan);
        await fabric.Run(one, two);
        FlannelSubnet subnet = one.Subnet;
        await fabric.Configure("""{"Network":"10.5.0.0/16","Backend":{"Type":"bogus"}}""");
        await fabric.Until(() => one.Log.Contains("'bogus' is none of", StringComparison.Ordinal), "the wrong backend is not told");
        await fabric.Etcd.CtlAsync("del", $"{FlannelFabric.Prefix}/config");
        await fabric.Until(() => one.Log.Contains("the key was deleted; the configuration stays in force", StringComparison.Ordinal), "the deletion is not told");
        Assert.True(one.Reaches(two));
        Assert.Equal(subnet, one.Subnet);
        // Another range: every host moves, without a restart.
        await fabric.Configure("""{"Network":"10.6.0.0/16","Backend":{"Type":"vxlan","VNI":3}}""");
        await fabric.Until(() => one.Subnet.ToString().StartsWith("10.6.", StringComparison.Ordinal) && two.Subnet.ToString().StartsWith("10.6.", StringComparison.Ordinal), "the hosts did not move");
        await fabric.Until(() => one.HasRouteTo(two) && one.Routes().Contains("dev flannel.3 onlink", StringComparison.Ordinal), "no route in the new network");
        await fabric.Until(() => !one.Netns.Shell("ip link").Contains("flannel.1:", StringComparison.Ordinal), "the old device stays");
        await fabric.Until(async () => (await fabric.Leases()).Keys.All(key => key.StartsWith("10.6.", StringComparison.Ordinal)), "leases of the old network stay");
    }

    [Fact]
    public async Task A_host_that_stays_in_the_network_before_is_reached_until_it_moves()
    {
        await using FlannelFabric fabric = await FlannelFabric.Start(Vxlan);
        FlannelHost one = fabric.AddHost(1);
        const string key = $"{FlannelFabric.Prefix}/subnets/10.5.200.0-24";
        await fabric.Etcd.CtlAsync("put", key, """{"PublicIP":"192.168.50.7","PublicIPv6":null,"BackendType":"vxlan","BackendData":{"VNI":1,"VtepMAC":"0e:00:00:00:00:07"}}""");
        await fabric.Run(one);
        await fabric.Until(() => one.Routes().Contains("10.5.200.0/24 via", StringComparison.Ordinal), "there is no route to flanneld's host");
        await fabric.Configure("""{"Network":"10.6.0.0/16","Backend":{"Type":"vxlan"}}""");
        await fabric.Until(() => one.Subnet.ToString().StartsWith("10.6.", StringComparison.Ordinal), "the host did not move");
        await fabric.Until(() => one.Log.Contains("hosts with flanneld move when that is restarted", StringComparison.Ordinal), "nobody is warned");
        await fabric.Until(() => one.Netns.Shell("ip addr show dev flannel.1").Contains("inet 10.6.", StringComparison.Ordinal), "the device did not move");
        Assert.Contains("10.5.200.0/24 via", one.Routes(), StringComparison.Ordinal);
        Assert.Contains(one.Entries(), entry => entry.Contains("0e:00:00:00:00:07", StringComparison.Ordinal));
        await fabric.Etcd.CtlAsync("del", key);
        await fabric.Until(() => !one.Routes().Contains("10.5.200.0/24", StringComparison.Ordinal), "the route stays though its host is gone");
    }

    [Fact]
    public async Task History_that_is_compacted_away_loses_nothing()
    {
        await using FlannelFabric fabric = await FlannelFabric.Start(Vxlan);
        FlannelHost one = fabric.AddHost(1), two = fabric.AddHost(2);
        await fabric.Run(one, two);
        fabric.Router().Shell("nft 'add table inet cut; add chain inet cut i { type filter hook input priority 0; }; add rule inet cut i ip saddr 192.168.50.1 tcp dport 2379 drop'");
        const string gone = $"{FlannelFabric.Prefix}/subnets/10.5.200.0-24", kept = $"{FlannelFabric.Prefix}/subnets/10.5.201.0-24";
        const string value = """{"PublicIP":"192.168.50.7","PublicIPv6":null,"BackendType":"vxlan","BackendData":{"VNI":1,"VtepMAC":"0e:00:00:00:00:07"}}""";
        await fabric.Etcd.CtlAsync("put", gone, value);
        await fabric.Etcd.CtlAsync("put", kept, value.Replace("50.7", "50.8").Replace("00:07", "00:08"));
        await fabric.Etcd.CtlAsync("del", gone);
        string revision = Regex.Match(await fabric.Etcd.CtlAsync("get", "-w", "fields", "x"), "\"Revision\" : ([0-9]+)").Groups[1].Value;
        await fabric.Etcd.CtlAsync("compact", "--physical", revision);
        await fabric.Until(() => one.Log.Contains("etcd is out of reach", StringComparison.Ordinal), "the host is not cut off");
        fabric.Router().Shell("nft delete table inet cut");
        await fabric.Until(() => one.Routes().Contains("10.5.201.0/24", StringComparison.Ordinal), "what came meanwhile is not known");
        Assert.DoesNotContain("10.5.200.0/24", one.Routes(), StringComparison.Ordinal);
        Assert.True(one.Reaches(two));
    }

    [Fact]
    public async Task What_is_taken_away_in_the_kernel_is_back_in_a_second()
    {
        await using FlannelFabric fabric = await FlannelFabric.Start("""{"Network":"10.5.0.0/16","EnableIPv6":true,"IPv6Network":"fd05::/48","Backend":{"Type":"vxlan"}}""");
        FlannelHost one = fabric.AddHost(1), two = fabric.AddHost(2);
        await fabric.Run(one, two);
        string[] entries = one.Entries();
        string mac = one.DeviceField("flannel.1", "link/ether");
        foreach (string damage in (string[])
        [
            $"ip route del {two.Subnet.V4Cidr}", $"ip -6 route del {two.Subnet.V6Cidr}", "bridge fdb del $(bridge fdb show dev flannel.1 | grep 'dst 192' | cut -d' ' -f1) dev flannel.1",
            $"ip neigh del {two.Subnet.V4} dev flannel.1", $"ip addr del {one.Subnet.V4}/32 dev flannel.1", "ip link set flannel.1 down", "ip link set flannel.1 address 0e:11:22:33:44:55",
            "ip link set flannel.1 mtu 1400", "ip link del flannel.1", "ip link del flannel-v6.1", "ip link set e0 down; ip link set e0 up; ip -6 addr add fd50::1/64 dev e0 nodad; ip route add default via 192.168.50.254 dev e0; ip route add ::/0 via fd50::fe dev e0",
            "ip addr flush dev e0; ip link set e0 down; ip link set e0 up; ip addr add 192.168.50.1/24 dev e0; ip addr add fd50::1/64 dev e0 nodad; ip route add default via 192.168.50.254 dev e0; ip route replace ::/0 via fd50::fe dev e0",
        ])
        {
            await Best.Within(Healing, $"healing of '{damage}'", async () =>
            {
                one.Netns.Shell(damage);
                long start = Stopwatch.GetTimestamp();
                await fabric.Until(IsWhole, $"'{damage}' was not healed; there should be {mac}, MTU 1450 and\n{string.Join('\n', entries)}");
                return Stopwatch.GetElapsedTime(start);
            });
            await fabric.Until(() => one.Reaches(two), $"after '{damage}' the hosts do not reach each other");
        }

        bool IsWhole() => one.Entries().SequenceEqual(entries) && one.DeviceField("flannel.1", "link/ether") == mac && one.DeviceField("flannel.1", "mtu") == "1450";
    }

    [Fact]
    public async Task An_address_that_changes_is_told_to_the_other_hosts()
    {
        await using FlannelFabric fabric = await FlannelFabric.Start(Vxlan);
        FlannelHost one = fabric.AddHost(1), two = fabric.AddHost(2);
        await fabric.Run(one, two);
        FlannelSubnet subnet = one.Subnet;
        one.Netns.Shell("ip addr add 192.168.50.11/24 dev e0; ip addr del 192.168.50.1/24 dev e0; ip addr add 192.168.50.11/24 dev e0 2>/dev/null || true; ip route replace default via 192.168.50.254 dev e0");
        await fabric.Until(async () => (await fabric.Leases())[subnet.ToString()].Contains("\"PublicIP\":\"192.168.50.11\"", StringComparison.Ordinal), "the lease does not tell the new address");
        await fabric.Until(() => two.Netns.Shell("bridge fdb show dev flannel.1").Contains("dst 192.168.50.11", StringComparison.Ordinal), "the other host does not know it");
        await fabric.Until(() => one.Reaches(two), "the hosts do not reach each other");
        Assert.Equal(subnet, one.Subnet);
    }

    [Fact]
    public async Task Hosts_that_start_at_once_get_different_subnets_ten_times_of_ten()
    {
        await using FlannelFabric fabric = await FlannelFabric.Start("""{"Network":"10.5.0.0/16","SubnetMin":"10.5.1.0","SubnetMax":"10.5.2.0","Backend":{"Type":"vxlan"}}""");
        FlannelHost one = fabric.AddHost(1), two = fabric.AddHost(2);
        for (int round = 0; round < 10; round++)
        {
            one.Start();
            two.Start();
            await fabric.Until(() => one.HasSubnet && two.HasSubnet, $"round {round}: not both have a subnet");
            Assert.NotEqual(one.Subnet, two.Subnet);
            await fabric.Until(() => one.HasRouteTo(two) && two.HasRouteTo(one), $"round {round}: they do not know each other");
            foreach (FlannelHost host in (FlannelHost[])[one, two])
            {
                host.Kill();
                File.Delete(host.SubnetFilePath);
                host.Netns.Shell("ip link del flannel.1");
            }
            await fabric.Etcd.CtlAsync("del", "--prefix", $"{FlannelFabric.Prefix}/subnets/");
        }
        FlannelHost third = fabric.AddHost(3);
        one.Start();
        two.Start();
        await fabric.Until(async () => (await fabric.Leases()).Count == 2, "not both have a lease");
        third.Start();
        await fabric.Until(() => third.Log.Contains("all subnets of 10.5.0.0/16 are leased", StringComparison.Ordinal), "the third host is not told that there is none left");
        Assert.True(third.IsRunning);
    }

    [Fact]
    public async Task A_reserved_subnet_stays_reserved()
    {
        await using FlannelFabric fabric = await FlannelFabric.Start(Vxlan);
        await fabric.Etcd.CtlAsync("put", $"{FlannelFabric.Prefix}/subnets/10.5.77.0-24", """{"PublicIP":"192.168.50.1"}""");
        FlannelHost one = fabric.AddHost(1, 50, "lease_duration = \"2s\"");
        await fabric.Run(one);
        Assert.Equal("10.5.77.0-24", one.Subnet.ToString());
        await Task.Delay(TimeSpan.FromSeconds(3));
        Assert.Contains("\"Lease\" : 0", await fabric.Etcd.CtlAsync("get", "-w", "fields", $"{FlannelFabric.Prefix}/subnets/10.5.77.0-24"), StringComparison.Ordinal);
        Assert.Contains("reserved for this host", one.Ask("--status"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_hosts_with_one_public_address_are_told_so_and_do_not_write_against_each_other()
    {
        await using FlannelFabric fabric = await FlannelFabric.Start(Vxlan);
        FlannelHost one = fabric.AddHost(1, 50, "public_ip = \"203.0.113.5\"", "interfaces = [\"e0\"]"), two = fabric.AddHost(2, 50, "public_ip = \"203.0.113.5\"", "interfaces = [\"e0\"]");
        one.Start();
        await fabric.Until(() => one.HasSubnet, "no subnet");
        two.Start();
        await fabric.Until(() => one.Log.Contains("each host needs its own public_ip", StringComparison.Ordinal), "it is not told");
        string key = $"{FlannelFabric.Prefix}/subnets/{one.Subnet}", before = await fabric.Etcd.CtlAsync("get", "-w", "fields", key);
        await Task.Delay(TimeSpan.FromSeconds(3));
        Assert.Equal(Field(before, "ModRevision"), Field(await fabric.Etcd.CtlAsync("get", "-w", "fields", key), "ModRevision"));
        Assert.Single(Regex.Matches(one.Log, "each host needs its own public_ip"));
        Assert.Contains("failing: another host announces 203.0.113.5", one.Ask("--status"), StringComparison.Ordinal);
        // The other host is moved to an address of its own: the one that waited has its lease again.
        two.Configure("public_ip = \"203.0.113.6\"", "interfaces = [\"e0\"]");
        two.Ask("--reload");
        await fabric.Until(async () => (await fabric.Leases()).Values is var leases && leases.Any(l => l.Contains("203.0.113.5", StringComparison.Ordinal)) && leases.Any(l => l.Contains("203.0.113.6", StringComparison.Ordinal)), "not both have a lease");
        await fabric.Until(() => one.HasRouteTo(two) && two.HasRouteTo(one), "they do not know each other");
    }

    [Fact]
    public async Task What_is_written_over_the_own_lease_is_replaced_and_the_subnet_stays()
    {
        await using FlannelFabric fabric = await FlannelFabric.Start(Vxlan);
        FlannelHost one = fabric.AddHost(1), two = fabric.AddHost(2);
        await fabric.Run(one, two);
        FlannelSubnet subnet = one.Subnet;
        string key = $"{FlannelFabric.Prefix}/subnets/{subnet}", lease = (await fabric.Leases())[subnet.ToString()];
        await fabric.Etcd.CtlAsync("put", key, "junk");
        await fabric.Until(async () => (await fabric.Leases())[subnet.ToString()] == lease, "the lease is not written again");
        await fabric.Until(() => one.Log.Contains("was overwritten with what is none", StringComparison.Ordinal), "it is not told");
        await fabric.Until(() => one.Reaches(two) && two.Reaches(one), "the hosts do not reach each other");
        // The same while the agent is not there.
        one.Kill();
        await fabric.Etcd.CtlAsync("put", key, "junk");
        one.Start();
        await fabric.Until(async () => (await fabric.Leases())[subnet.ToString()] == lease, "the lease is not written again after a start");
        Assert.Equal(subnet, one.Subnet);
        Assert.DoesNotContain("\"Lease\" : 0", await fabric.Etcd.CtlAsync("get", "-w", "fields", key), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_agent_that_starts_while_etcd_is_away_keeps_and_heals_what_it_knew_last()
    {
        await using FlannelFabric fabric = await FlannelFabric.Start(Vxlan);
        FlannelHost one = fabric.AddHost(1, 50, "masquerade = \"bridge\""), two = fabric.AddHost(2);
        await fabric.Run(one, two);
        string[] entries = one.Entries();
        string rules = one.Netns.Shell("nft -s list ruleset"), told = File.ReadAllText(one.SubnetFilePath);
        await fabric.Until(() => one.HasKept(two.Subnet), "the network is not kept for a start without etcd");
        one.Kill();
        fabric.Etcd.Freeze();
        // As after a boot.
        one.Netns.Shell("ip link del flannel.1; nft flush ruleset");
        File.Delete(one.SubnetFilePath);
        one.Start();
        await fabric.Until(() => one.Entries().SequenceEqual(entries) && one.HasSubnet && one.Netns.Shell("nft -s list ruleset") == rules, "what was known last is not made");
        Assert.Equal(told, File.ReadAllText(one.SubnetFilePath));
        await fabric.Until(() => one.Reaches(two) && two.Reaches(one), "the hosts do not reach each other");
        Assert.Contains("etcd does not answer: this host goes on with", one.Log, StringComparison.Ordinal);
        Assert.Contains("failing: reaching etcd since the start", one.Ask("--status"), StringComparison.Ordinal);
        one.Netns.Shell($"ip route del {two.Subnet.V4Cidr}");
        await fabric.Until(() => one.Entries().SequenceEqual(entries), "a route that is deleted without etcd does not come back");
        fabric.Etcd.Thaw();
        await fabric.Until(() => one.Ask("--status") is var status && status.Contains("lease: to be renewed", StringComparison.Ordinal) && !status.Contains("failing:", StringComparison.Ordinal), "the lease is not taken up");
        Assert.Equal(entries, one.Entries());
    }

    [Fact]
    public async Task Devices_of_a_backend_that_went_while_no_agent_ran_go_too()
    {
        await using FlannelFabric fabric = await FlannelFabric.Start(Vxlan);
        FlannelHost one = fabric.AddHost(1), two = fabric.AddHost(2);
        await fabric.Run(one, two);
        await fabric.Until(() => one.HasKept(two.Subnet), "the network is not kept");
        one.Kill();
        await fabric.Configure("""{"Network":"10.5.0.0/16","Backend":{"Type":"host-gw"}}""");
        one.Start();
        await fabric.Until(() => one.Routes().Contains($"{two.Subnet.V4Cidr} via {two.Address} dev e0", StringComparison.Ordinal) && !one.Netns.Shell("ip link").Contains("flannel.1", StringComparison.Ordinal), "the device of vxlan stays");
        await fabric.Until(() => one.Reaches(two), "the hosts do not reach each other");
    }

    [Fact]
    public async Task An_MTU_above_the_links_is_told_once_and_the_links_is_used()
    {
        await using FlannelFabric fabric = await FlannelFabric.Start("""{"Network":"10.5.0.0/16","Backend":{"Type":"vxlan","MTU":9000}}""");
        FlannelHost one = fabric.AddHost(1), two = fabric.AddHost(2);
        await fabric.Run(one, two);
        await fabric.Until(() => one.Reaches(two, size: 1450 - 28), "a packet of the device's MTU does not go through");
        Assert.Equal(("1450", 1450u), (one.DeviceField("flannel.1", "mtu"), one.Told.Mtu));
        Assert.Single(Regex.Matches(one.Log, "Backend.MTU is not used: 9000 is more than e0 carries, which is 1500"));
        Assert.DoesNotContain("failing:", one.Ask("--status"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Five_hundred_hosts_are_programmed_in_a_second()
    {
        const int hosts = 500;
        await using FlannelFabric fabric = await FlannelFabric.Start("""{"Network":"10.5.0.0/16","SubnetMin":"10.5.255.0","Backend":{"Type":"vxlan"}}""");
        FlannelHost one = fabric.AddHost(1);
        await fabric.Run(one);
        static string Lease(int i) => FormattableString.Invariant($$$"""{"PublicIP":"192.168.{{{100 + (i / 250)}}}.{{{1 + (i % 250)}}}","PublicIPv6":null,"BackendType":"vxlan","BackendData":{"VNI":1,"VtepMAC":"0e:00:00:00:{{{i / 256:x2}}}:{{{i % 256:x2}}}"}}""");
        static string Key(int i) => $"{FlannelFabric.Prefix}/subnets/10.5.{i / 2}.{i % 2 * 128}-25";
        await Programmed("they were leased", async () =>
        {
            Commit(i => $"del {Key(i)}");
            await fabric.Until(() => Are(0), "hosts without a lease stay");
            Commit(i => $"put {Key(i)} \"{Lease(i).Replace("\"", "\\\"", StringComparison.Ordinal)}\"");
        });
        await Programmed("all was taken away", () => Shell("ip route flush dev flannel.1; ip neigh flush dev flannel.1 nud permanent; bridge fdb show dev flannel.1 | cut -d' ' -f1 | sed 's/^/fdb del /; s/$/ dev flannel.1/' | bridge -batch - || true"));
        await Programmed("the device was taken away", () => Shell("ip link del flannel.1"));

        Task Programmed(string since, Func<Task> upset) => Best.Within(TimeSpan.FromSeconds(1), $"programming all hosts since {since}", async () =>
        {
            await upset();
            long start = Stopwatch.GetTimestamp();
            await fabric.Until(() => Are(hosts), $"not all are there since {since}");
            return Stopwatch.GetElapsedTime(start);
        });

        void Commit(Func<int, string> operation)
        {
            foreach (int[] part in Enumerable.Range(0, hosts).Chunk(100)) fabric.Transaction(part.Select(operation));
        }

        Task Shell(string command)
        {
            one.Netns.Shell(command);
            return Task.CompletedTask;
        }

        bool Are(int count) => Count("ip route", "flannel.1 onlink") == count && Count("bridge fdb show dev flannel.1", "dst ") == count && Count("ip neigh show dev flannel.1", "PERMANENT") == count;

        int Count(string command, string text) => Regex.Count(one.Netns.Shell(command), text);
    }
}
