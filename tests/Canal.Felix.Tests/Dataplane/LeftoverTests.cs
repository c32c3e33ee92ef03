using Canal.Core.Addressing;
using Canal.Felix.Dataplane;
using Canal.Felix.Dataplane.Iptables;
using Canal.Felix.Dataplane.Nftables;
using Canal.Linux.Iptables;
using Canal.Testing;

namespace Canal.Felix.Tests.Dataplane;

/// <summary>What an earlier run left where this one may not look.</summary>
public sealed class LeftoverTests
{
    private readonly NftablesFilter inUse = new(new FakeNftables(), TimeProvider.System);

    [Theory]
    [InlineData(true, false, true)]
    [InlineData(true, true, false)]
    [InlineData(false, false, false)]
    public void What_may_be_in_iptables_legacy_and_cannot_be_seen_is_known_and_stays_noted_down(bool before, bool isSeen, bool unseen)
    {
        Leftovers leftovers = new(inUse, () => [], mayBeThere: true, before, () => isSeen);
        Assert.Equal((false, before), (leftovers.IsUnseen, leftovers.IsLegacyThere));
        Assert.Empty(leftovers.Remove());
        Assert.Equal((unseen, unseen), (leftovers.IsUnseen, leftovers.IsLegacyThere));
    }

    [Fact]
    public void The_flavour_in_force_is_noted_down_from_the_start()
    {
        Assert.True(new Leftovers(Iptables(IptablesFlavour.Legacy), () => [], mayBeThere: false).IsLegacyThere);
        Assert.False(new Leftovers(Iptables(IptablesFlavour.Nft), () => [], mayBeThere: false).IsLegacyThere);
        Assert.False(new Leftovers(inUse, () => [], mayBeThere: false).IsLegacyThere);
    }

    [Fact]
    public void Traces_tell_the_boot_and_read_what_they_write()
    {
        string file = Path.GetTempFileName();
        try
        {
            foreach (Traces traces in (Traces[])[new(["cali"], 3, ["wireguard.cali"], true, Traces.Boot()), new(["cali", "tap"], 80, [], true), new(["cali"], 3, [])])
            {
                File.WriteAllText(file, traces.ToText());
                Assert.Equal(traces, Traces.Read(file));
            }
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static IptablesFilter Iptables(IptablesFlavour flavour) => new(new FakeIptables(), flavour, [IpFamily.V4], TimeProvider.System);
}
