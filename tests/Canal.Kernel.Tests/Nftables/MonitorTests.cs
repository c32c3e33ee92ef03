using Canal.Linux.Iptables;
using Canal.Linux.Nftables;

namespace Canal.Kernel.Tests.Nftables;

public class MonitorTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public void Only_what_others_do_is_told_and_which_table_it_touched()
    {
        NftSandbox.Run(sandbox =>
        {
            using NftMonitor monitor = NftMonitor.Open("canal", sandbox.Nftables.PortId);
            monitor.Listen();
            NftTransaction transaction = new("canal");
            transaction.AddTable();
            transaction.AddChain("ours");
            sandbox.Nftables.Commit(transaction);
            NftSandbox.Nft("add table inet other");
            NftSandbox.Nft("add table ip canal");
            NftSandbox.Nft("add chain inet canal theirs");

            uint generation = sandbox.Nftables.Generation();
            NftEvent[] events = [Next(monitor), Next(monitor), Next(monitor)];
            Assert.Equal([NftEventKind.OtherTableChanged, NftEventKind.OtherTableChanged, NftEventKind.TableChanged], events.Select(told => told.Kind));
            Assert.Equal([generation - 2, generation - 1, generation], events.Select(told => told.Generation));
            Assert.All(events, told => Assert.Equal("nft", told.ProcessName));
            Assert.All(events, told => Assert.NotEqual(0u, told.ProcessId));
        });
    }

    [Fact]
    public void A_large_commit_of_our_own_does_not_overrun_the_monitor_but_another_programs_may()
    {
        NftSandbox.Run(sandbox =>
        {
            using NftMonitor monitor = NftMonitor.Open("canal", sandbox.Nftables.PortId);
            monitor.Listen();
            sandbox.Nftables.Commit(Large("canal"));
            NftSandbox.Nft("add table inet other");
            Assert.Equal(NftEventKind.OtherTableChanged, Next(monitor).Kind);

            using NetlinkNftables another = NetlinkNftables.Open();
            another.Commit(Large("another"));
            Assert.Equal(NftEventKind.Overrun, Next(monitor).Kind);
        });
    }

    private static NftTransaction Large(string table)
    {
        NftRule rule = new NftRuleBuilder().Counter().Accept().Build(new string('c', 100));
        NftTransaction transaction = new(table);
        transaction.AddTable();
        transaction.AddChain("c");
        for (int i = 0; i < 120_000; i++) transaction.AddRule("c", rule);
        return transaction;
    }

    private static NftEvent Next(NftMonitor monitor)
    {
        using CancellationTokenSource stop = new(Patience);
        return monitor.NextAsync(stop.Token).AsTask().GetAwaiter().GetResult();
    }

    [Fact]
    public void Iptables_is_heard_where_its_flavour_is_nft()
    {
        NftSandbox.Run(_ =>
        {
            using NftMonitor monitor = NftMonitor.OpenIptables();
            monitor.Listen();
            NftSandbox.Nft("add table inet others");
            Assert.Equal(NftEventKind.OtherTableChanged, Next(monitor).Kind);
            HostIptables.Open(IptablesFlavour.Nft).Restore(Core.Addressing.IpFamily.V6, "*filter\n:theirs - [0:0]\nCOMMIT\n");
            NftEvent heard = Next(monitor);
            Assert.Equal(NftEventKind.TableChanged, heard.Kind);
            Assert.StartsWith("ip6tables", heard.ProcessName, StringComparison.Ordinal);
        });
    }
}
