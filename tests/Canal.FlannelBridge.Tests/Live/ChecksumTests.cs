using Canal.Linux.Tunnels;
using Canal.Testing.Rig;

namespace Canal.FlannelBridge.Tests.Live;

/// <summary>Checksums that the tunnel leaves open and nobody fills in.</summary>
public sealed class ChecksumTests
{
    [Fact]
    public async Task Where_checksums_arrive_wrong_offload_goes_off_and_packets_arrive_again()
    {
        await using FlannelFabric fabric = await FlannelFabric.Start("""{"Network":"10.5.0.0/16","Backend":{"Type":"vxlan"}}""");
        FlannelHost careless = fabric.AddHost(1), good = fabric.AddHost(2), stubborn = fabric.AddHost(3, 50, "checksum_offload = \"on\"");
        using Netns router = fabric.Router();
        using CarelessCard card = new(router, "v1", "br50", 8472);
        await fabric.Run(careless, good, stubborn);
        await fabric.Until(() => careless.Log.Contains("checksums that flannel.1 leaves for the network card to fill in arrive wrong at 10.5.", StringComparison.Ordinal), "nobody noticed");
        await fabric.Until(() => !IsOn(careless), "offload is still on");
        Assert.True(IsOn(good) && IsOn(stubborn), "offload went where it works, or was to stay");
        Assert.True(card.Packets > 6);

        careless.Netns.Shell("ip link del flannel.1");
        await fabric.Until(() => careless.HasRouteTo(good) && !IsOn(careless), "the device that was made again has offload on");
        Assert.Single(System.Text.RegularExpressions.Regex.Matches(careless.Log, "arrive wrong"));
        Assert.DoesNotContain("arrive wrong", good.Log + stubborn.Log, StringComparison.Ordinal);
    }

    private static bool IsOn(FlannelHost host) => host.Netns.Run(() =>
    {
        try
        {
            return ChecksumOffload.IsOn("flannel.1");
        }
        catch (IOException)
        {
            return true; // Not there at this moment.
        }
    });
}
