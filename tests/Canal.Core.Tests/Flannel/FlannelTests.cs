using System.Text;
using Canal.Core.Addressing;
using Canal.Core.Flannel;
using CsCheck;

namespace Canal.Core.Tests.Flannel;

public sealed class FlannelTests
{
    private const string Prefix = "/coreos.com/network/subnets/";

    private static HeldLease Lease(string key, string host, long created = 1)
    {
        Assert.True(FlannelSubnet.TryParse(key, out FlannelSubnet subnet));
        return new HeldLease(Prefix + key, subnet, FlannelLease.Read(Encoding.UTF8.GetBytes(host)), created, created, 7);
    }

    private static string At(string v4, string? v6 = null) => $$"""{"PublicIP":"{{v4}}","PublicIPv6":{{(v6 is null ? "null" : $"\"{v6}\"")}}}""";

    [Theory]
    [InlineData("""{"Network":"10.9.0.0/16","SubnetLen":"24"}""", "SubnetLen is '\"24\"', not a whole number from 0 to 65536")]
    [InlineData("""{"Network":"10.9.0.0"}""", "Network '10.9.0.0' is not a prefix like 10.5.0.0/16")]
    [InlineData("""{"Network":"10.9.0.0/16","SubnetMin":"10.8.0.0"}""", "SubnetMin 10.8.0.0 is not inside Network 10.9.0.0/16")]
    [InlineData("""{"EnableIPv4":false,"EnableIPv6":true}""", "IPv6Network is missing: a prefix that hosts' subnets are cut from")]
    [InlineData("""{"Network":"10.9.0.0/16","Backend":[]}""", "Backend is a list, not an object")]
    public void A_configuration_that_cannot_be_used_is_refused_with_the_field_and_its_value(string json, string sentence) =>
        Assert.Equal(sentence, Assert.Throws<FlannelFormatException>(() => FlannelNetworkReader.Read(json)).Message);

    [Theory]
    [InlineData("""{"Type":"bogus"}""", "Backend.Type 'bogus' is none of vxlan, host-gw, udp, alloc, ipip, wireguard, extension, ipsec")]
    [InlineData("""{"Type":"vxlan","VNI":16777216}""", "VNI is '16777216', not a whole number from 0 to 16777215")]
    [InlineData("""{"Type":"wireguard","Mode":"both"}""", "Mode 'both' is none of separate, auto, ipv4, ipv6")]
    [InlineData("""{"Type":"wireguard","PSK":"secret"}""", "PSK is not a key of 32 bytes in base64")]
    [InlineData("""{"Type":"ipsec"}""", "the backend ipsec needs PSK, a secret of at least 96 characters that all hosts share")]
    [InlineData("""{"Type":"ipsec","PSK":"secret"}""", "PSK has 6 characters, flannel wants at least 96")]
    [InlineData("""{"Type":"ipsec","PSK":7}""", "PSK is not a string")]
    [InlineData("""{"Type":"ipsec","ESPProposal":"null-sha256"}""", "ESPProposal 'null-sha256' does not begin with an encryption like aes128gcm16 or aes256")]
    [InlineData("""{"Type":"ipsec","ESPProposal":"aes256-rot13"}""", "ESPProposal 'aes256-rot13': 'rot13' is not known")]
    [InlineData("""{"Type":"ipsec","ESPProposal":"aes256-modp4096"}""", "ESPProposal 'aes256-modp4096' has no integrity like sha256")]
    [InlineData("""{"Type":"ipsec","UDPEncap":"yes"}""", "UDPEncap is '\"yes\"', not true or false")]
    public void Options_of_backends_are_refused_likewise(string backend, string sentence)
    {
        FlannelNetwork network = FlannelNetworkReader.Read($$"""{"Network":"10.9.0.0/16","Backend":{{backend}}}""");
        Assert.Equal(sentence, Assert.Throws<FlannelFormatException>(() => FlannelBackend.Read(network)).Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData(",\"ESPProposal\":\"aes256gcm16\"")]
    [InlineData(",\"ESPProposal\":\"aes256-sha512-modp4096\"")]
    [InlineData(",\"ESPProposal\":\"chacha20poly1305-prfsha256-curve25519-esn-noesn\"")]
    public void A_secret_that_is_long_enough_is_taken_and_printed_by_nothing(string option)
    {
        string secret = new('s', 96);
        IpsecBackend Read(string psk) => Assert.IsType<IpsecBackend>(FlannelBackend.Read(FlannelNetworkReader.Read($$$"""{"Network":"10.9.0.0/16","Backend":{"Type":"ipsec","PSK":"{{{psk}}}"{{{option}}}}}""")));
        Assert.DoesNotContain(secret, Read(secret).ToString(), StringComparison.Ordinal);
        Assert.Equal(Read(secret), Read(secret));
        Assert.NotEqual(Read(secret), Read(secret + "s"));
    }

    [Fact]
    public void A_backend_of_one_family_is_refused_for_the_other()
    {
        FlannelNetwork network = FlannelNetworkReader.Read("""{"Network":"10.9.0.0/16","EnableIPv6":true,"IPv6Network":"fd09::/48","Backend":{"Type":"udp"}}""");
        Assert.Equal("the backend udp carries no IPv6", Assert.Throws<FlannelFormatException>(() => FlannelBackend.Read(network)).Message);
    }

    [Theory]
    [InlineData("fd09:0:0:2a::", "fd09:0:0:2a::")]
    [InlineData("fd09:0:1:0:0:1:0:0", "fd09:0:1::1:0:0")]
    [InlineData("::102:304", "::102:304")]
    [InlineData("fd09:1:2:3:4:5:0:7", "fd09:1:2:3:4:5:0:7")]
    public void A_keys_IPv6_part_is_as_flannel_writes_it(string address, string text)
    {
        FlannelSubnet subnet = new(IpAddress.Parse("10.9.1.0"), 24, IpAddress.Parse(address), 64);
        Assert.Equal($"10.9.1.0-24&{text}-64", subnet.ToString());
        Assert.True(FlannelSubnet.TryParse(subnet.ToString(), out FlannelSubnet read));
        Assert.Equal(subnet, read);
    }

    [Fact]
    public void Hosts_without_IPv4_are_told_apart_by_IPv6()
    {
        FlannelNetwork network = FlannelNetworkReader.Read("""{"EnableIPv4":false,"EnableIPv6":true,"IPv6Network":"fd09::/48"}""");
        HeldLease other = Lease("0.0.0.0-0&fd09:0:0:1::-64", At("0.0.0.0", "fd00::1")), own = Lease("0.0.0.0-0&fd09:0:0:2::-64", At("0.0.0.0", "fd00::2"));
        Assert.Equal(own, LeaseAcquisition.Choose(network, [other, own], own.Lease, null, new Random(1)).Present);
        LeaseChoice third = LeaseAcquisition.Choose(network, [other, own], own.Lease with { PublicV6 = IpAddress.Parse("fd00::3") }, null, new Random(1));
        Assert.Null(third.Present);
        Assert.False(other.Subnet.Overlaps(third.Subnet!.Value) || own.Subnet.Overlaps(third.Subnet!.Value));
    }

    [Fact]
    public void Of_several_own_leases_the_one_in_use_stays()
    {
        FlannelNetwork network = FlannelNetworkReader.Read("""{"Network":"10.9.0.0/16"}""");
        HeldLease[] own = [Lease("10.9.1.0-24", At("192.0.2.1")), Lease("10.9.2.0-24", At("192.0.2.1"))];
        Assert.Equal(own[1], LeaseAcquisition.Choose(network, own, own[0].Lease, own[1].Subnet, new Random(1)).Present);
    }

    [Fact]
    public void What_is_chosen_is_free_inside_and_not_always_the_same()
    {
        FlannelNetwork network = FlannelNetworkReader.Read("""{"Network":"10.9.0.0/16","EnableIPv6":true,"IPv6Network":"fd09::/48"}""");
        FlannelLease self = FlannelLease.Read(Encoding.UTF8.GetBytes(At("192.0.2.1", "fd00::1")));
        HashSet<FlannelSubnet?> seen = [];
        Gen.Select(Gen.Int[0, 255].Array[0, 40], Gen.Int[18, 30], Gen.Int).Sample((taken, length, seed) =>
        {
            HeldLease[] leases = [.. taken.Select(t => new HeldLease($"{Prefix}{t}", FlannelSubnet.Of(new Cidr(IpAddress.Parse($"10.9.{t}.0"), length), new Cidr(IpAddress.Parse($"fd09:0:0:{t:x}::"), 64)), self with { PublicV4 = IpAddress.Parse("192.0.2.9") }, 1, 1, 7))];
            LeaseChoice choice = LeaseAcquisition.Choose(network, leases, self, null, new Random(seed));
            if (choice.Subnet is not { } subnet) return leases.Length > 0;
            lock (seen) seen.Add(subnet);
            return network.Admits(subnet) && !Array.Exists(leases, l => l.Subnet.Overlaps(subnet));
        });
        Assert.True(seen.Count > 50);
    }

    [Fact]
    public void Leases_of_any_content_are_written_as_they_are_read()
    {
        Gen.Select(Gen.UInt, Gen.ULong, Gen.String).Sample((v4, v6, text) =>
        {
            string clean = new([.. text.Where(c => !char.IsSurrogate(c))]);
            FlannelLease lease = new() { PublicV4 = IpAddress.FromV4(v4), PublicV6 = new IpAddress(IpFamily.V6, v6, 1), BackendType = "extension", BackendData = ExtensionBackend.LeaseData(clean) };
            return FlannelLease.Read(lease.Write()) == lease;
        });
    }

    [Fact]
    public void Subnet_files_are_read_in_any_order_and_what_is_wrong_in_them_counts_as_missing()
    {
        SubnetFile file = SubnetFile.Read("FLANNEL_IPMASQ=true\nFLANNEL_MTU=1450\n# x\nFLANNEL_SUBNET='10.9.7.1/24'\nFLANNEL_NETWORK=10.9.0.0/16,10.8.0.0/16\n");
        Assert.Equal(("10.9.7.0-24", 1450u, true), (file.Subnet.ToString(), file.Mtu, file.Masquerade));
        Assert.Equal(["10.9.0.0/16", "10.8.0.0/16"], file.Networks.Select(n => n.ToString()));
        Assert.Null(SubnetFile.Read("FLANNEL_SUBNET=10.9.7.1/24,10.9.8.1/24\nFLANNEL_MTU=x\n").Subnet);
        Assert.Null(SubnetFile.Read("FLANNEL_SUBNET=10.9.7.1\n").Subnet);
    }

    [Fact]
    public void Readers_survive_whatever_etcd_holds() => Gen.Byte.Array.Sample(bytes =>
    {
        foreach (Action read in (Action[])[() => FlannelNetworkReader.Read(bytes), () => FlannelLease.Read(bytes)])
            Assert.True(Record.Exception(read) is null or FlannelFormatException);
        Assert.False(FlannelSubnet.TryParse(Encoding.UTF8.GetString(bytes), out FlannelSubnet subnet) && subnet.V4Length > 31);
        SubnetFile.Read(Encoding.UTF8.GetString(bytes));
    });

    /// <summary>A parser of JSON takes them; whoever reads them gets an exception of another kind.</summary>
    [Theory]
    [InlineData("""{"PublicIP":"\ud800"}""")]
    [InlineData("""{"PublicIP":"192.0.2.1","\ud800":1}""")]
    [InlineData("""{"PublicIP":"192.0.2.1","BackendType":"vxlan","BackendData":{"VtepMAC":"\ud800"}}""")]
    [InlineData("""{"Network":"10.5.0.0/16","Backend":{"Type":["\udfff"]}}""")]
    public void Text_that_is_not_Unicode_is_refused_where_it_is_read(string json)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(json);
        Assert.Throws<FlannelFormatException>(() => json.Contains("Network", StringComparison.Ordinal) ? (object)FlannelNetworkReader.Read(bytes) : FlannelLease.Read(bytes));
    }

    [Theory]
    [InlineData("""{"metadata":"x","spec":{}}""")]
    [InlineData("""{"metadata":{"labels":"x"},"spec":{}}""")]
    [InlineData("""{"metadata":{},"metadata":{},"spec":{}}""")]
    [InlineData("""{"spec":{"cidr":"\ud800"}}""")]
    public void A_pool_that_is_not_kept_is_left_alone_whatever_it_is(string pool) =>
        Assert.Throws<FlannelFormatException>(() => FlannelPool.Wanted(Encoding.UTF8.GetBytes(pool), "p", Cidr.Parse("10.5.0.0/16"), true, "u", "2026-01-01T00:00:00Z"));
}
