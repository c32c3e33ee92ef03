using Canal.Core.Addressing;
using Canal.Linux.Nftables;

namespace Canal.Linux.Tests.Nftables;

public class NftTransactionTests
{
    private const string Begin = "140000001000010000000000000000000000000a";
    private static readonly NftSet Hosts = new("hosts", NftKeyType.Ipv4);
    private static readonly NftSet Nets = new("nets", NftKeyType.Ipv4, NftSetFlags.Interval);
    private static readonly NftSet Dispatch = new("dispatch", NftKeyType.IfName, NftSetFlags.VerdictMap);

    [Fact]
    public void An_empty_table_and_a_base_chain_are_the_bytes_that_nft_sends()
    {
        NftTransaction transaction = new("canal");
        transaction.AddTable();
        transaction.AddChain("in", new NftBaseChain(NftChainType.Filter, NftHook.Input, 0, NftPolicy.Drop));
        Assert.Equal(
            Begin
            + "28000000000a0104010000000000000001000000" + "0a00010063616e616c000000" + "0800020000000000"
            + "50000000030a0104020000000000000001000000" + "0a00010063616e616c000000" + "07000300696e0000"
            + "140004800800010000000001" + "0800020000000000" + "0800050000000000" + "0b00070066696c7465720000"
            + "140000001100050003000000000000000000000a",
            Convert.ToHexStringLower(transaction.Batch()));
        Assert.Equal(2, transaction.Count);
    }

    [Fact]
    public void An_expected_generation_is_said_in_the_begin()
    {
        NftTransaction transaction = new("canal");
        transaction.AddTable();
        int length = transaction.ByteLength;
        transaction.ExpectGeneration(7);
        transaction.ExpectGeneration(0x0102);
        Assert.StartsWith("1c0000001000010000000000000000000000000a0800010000000102" + "28000000000a", Convert.ToHexStringLower(transaction.Batch()), StringComparison.Ordinal);
        Assert.Equal(length + 8, transaction.ByteLength);
    }

    [Fact]
    public void A_cleared_transaction_is_as_new()
    {
        NftTransaction transaction = new("canal");
        byte[] empty = transaction.Batch().ToArray();
        transaction.AddTable();
        transaction.ExpectGeneration(1);
        transaction.AddElements(Hosts, [IpAddress.Parse("10.0.0.1")]);
        transaction.Clear();
        Assert.Equal(empty, transaction.Batch());
        Assert.True(transaction.IsEmpty);
    }

    [Fact]
    public void Elements_that_follow_each_other_share_a_message_until_it_is_full()
    {
        NftTransaction transaction = new("canal");
        for (uint i = 0; i < 4000; i++) transaction.AddElements(Hosts, [IpAddress.FromV4(i)]);
        Assert.Equal(1, transaction.Count);
        transaction.AddElements(Hosts, [.. Enumerable.Range(0, 100).Select(i => IpAddress.FromV4(9000 + (uint)i))]);
        Assert.Equal(2, transaction.Count);
        transaction.DeleteElements(Hosts, [IpAddress.FromV4(1)]);
        transaction.AddElements(Hosts, [IpAddress.FromV4(2)]);
        transaction.AddElements(Nets, [Cidr.Parse("10.0.0.0/8")]);
        Assert.Equal(5, transaction.Count);
    }

    [Fact]
    public void The_last_address_of_all_has_no_end()
    {
        NftTransaction transaction = new("canal");
        transaction.AddElements(Nets, [Cidr.Parse("10.0.0.0/8")]);
        int pair = transaction.ByteLength;
        transaction.Clear();
        transaction.AddElements(Nets, [Cidr.Parse("0.0.0.0/0")]);
        Assert.Equal(pair - 24, transaction.ByteLength);
    }

    [Fact]
    public void A_refused_argument_makes_the_transaction_unusable_until_it_is_cleared()
    {
        NftTransaction transaction = new("canal");
        Assert.Throws<ArgumentException>(() => transaction.AddElements(Hosts, [IpAddress.Parse("10.0.0.1"), IpAddress.Parse("::1")]));
        Assert.Throws<InvalidOperationException>(() => transaction.ByteLength);
        transaction.Clear();
        Assert.Throws<ArgumentException>(() => transaction.AddElements(Hosts, [Cidr.Parse("10.0.0.0/8")]));
        Assert.Throws<ArgumentException>(() => transaction.AddElements(Nets, [1, 2, 3, 4]));
        Assert.Throws<ArgumentException>(() => transaction.AddElement(Dispatch, "longer-than-fifteen", NftVerdict.Accept));
        Assert.Throws<ArgumentException>(() => transaction.AddElement(Hosts, [1, 2, 3, 4], NftVerdict.Accept));
        Assert.Throws<ArgumentException>(() => transaction.AddChain(new string('c', 256)));
        Assert.Throws<ArgumentException>(() => transaction.AddSet(new NftSet("s", NftKeyType.Ipv4ProtocolPort, NftSetFlags.Interval)));
        Assert.True(transaction.IsEmpty);
        Assert.NotEqual(0, transaction.ByteLength);
    }
}
