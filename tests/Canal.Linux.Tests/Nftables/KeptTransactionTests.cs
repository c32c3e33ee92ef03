using Canal.Core.Addressing;
using Canal.Linux.Nftables;

namespace Canal.Linux.Tests.Nftables;

public sealed class KeptTransactionTests
{
    [Fact]
    public void What_was_kept_is_the_same_transaction_again()
    {
        byte[] kept = Sample().Keep().ToArray();
        Assert.True(NftTransaction.TryRestore("canal", kept, out NftTransaction? restored, out _));
        Assert.Equal(kept, restored.Keep().ToArray());
        Assert.Equal(Sample().Count, restored.Count);
    }

    [Fact]
    public void Bytes_cut_off_anywhere_are_refused()
    {
        byte[] kept = Sample().Keep().ToArray();
        for (int length = 0; length < kept.Length; length++)
            Assert.False(NftTransaction.TryRestore("canal", kept.AsSpan(0, length), out _, out _), $"{length} of {kept.Length} bytes");
    }

    [Fact]
    public void No_byte_that_is_changed_makes_it_touch_another_table_or_take_anything_away()
    {
        byte[] kept = Sample().Keep().ToArray();
        for (int at = 0; at < kept.Length; at++)
        {
            byte[] spoiled = [.. kept];
            spoiled[at] ^= 0x20;
            if (!NftTransaction.TryRestore("canal", spoiled, out NftTransaction? restored, out _)) continue;
            Assert.Equal("canal", restored.Table);
            Assert.True(Additions(restored.Keep().Span), $"byte {at} changed");
        }
    }

    [Theory]
    [InlineData("a table deleted")]
    [InlineData("another table")]
    public void Only_additions_to_the_own_table_are_taken_back(string what)
    {
        NftTransaction transaction = new(what == "another table" ? "theirs" : "canal");
        if (what == "a table deleted") transaction.DeleteTable();
        else transaction.AddTable();
        Assert.False(NftTransaction.TryRestore("canal", transaction.Keep().Span, out _, out string? wrong));
        Assert.Contains("message 1 is not an addition to table canal", wrong, StringComparison.Ordinal);
    }

    private static bool Additions(ReadOnlySpan<byte> batch) => NftTransaction.TryRestore("canal", batch, out _, out _);

    private static NftTransaction Sample()
    {
        NftSet hosts = new("hosts", NftKeyType.Ipv4);
        NftTransaction transaction = new("canal");
        transaction.AddTable();
        transaction.AddChain("in", new NftBaseChain(NftChainType.Filter, NftHook.Input, 0));
        transaction.AddSet(hosts);
        transaction.AddElements(hosts, [IpAddress.Parse("10.0.0.1"), IpAddress.Parse("10.0.0.2")]);
        transaction.AddRule("in", new NftRuleBuilder().L4Proto(6).Dport([new(1, 2), new(9, 9)]).Counter().Drop().Build("no"));
        return transaction;
    }
}
