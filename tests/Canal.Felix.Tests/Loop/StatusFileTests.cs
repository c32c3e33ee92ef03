using Canal.Felix.Status;
using static Canal.Felix.Tests.Loop.SampleObjects;

namespace Canal.Felix.Tests.Loop;

/// <summary>What the file system refuses is told once, tried again, and never ends the agent.</summary>
public sealed class StatusFileTests
{
    private static readonly Canal.Testing.Rig.Resource TooLong = Endpoint(new string('w', 250), "calilong", "10.65.0.50/32");

    [Fact]
    public void A_name_too_long_for_a_file_harms_no_other()
    {
        using LoopHost host = new();
        foreach (string link in new[] { "caliw0", "calilong" }) host.AddLink(link);
        host.Start([.. All, TooLong]);
        host.Wait(60);
        Assert.Equal(["cni default%2Fw0 eth0"], Directory.GetFiles(host.StatusFolder).Select(file => Path.GetFileName(file)));
        Assert.Equal("calilong", host.RouteTo("10.65.0.50"));
        Assert.Equal(1, host.Log.Count("writing endpoint status files failed"));
        Assert.DoesNotContain("status files: written", StatusText.Of(host.Agent, true, []), StringComparison.Ordinal);
        host.Delete(TooLong);
        host.Wait(11);
        Assert.Equal(1, host.Log.Count("writing endpoint status files works again"));
        Assert.Contains("status files: written", StatusText.Of(host.Agent, true, []), StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_that_cannot_be_made_is_tried_again_until_it_can()
    {
        using LoopHost host = new();
        host.AddLink("caliw0");
        File.WriteAllText(Path.GetDirectoryName(host.StatusFolder)!, "in the way");
        host.Start(All);
        host.Wait(30);
        Assert.Equal("caliw0", host.RouteTo("10.65.0.10"));
        Assert.Equal((1, 0), (host.Log.Count("writing endpoint status files failed"), host.Log.Count("works again")));
        File.Delete(Path.GetDirectoryName(host.StatusFolder)!);
        host.Wait(11);
        Assert.Single(Directory.GetFiles(host.StatusFolder));
        Assert.Equal(1, host.Log.Count("works again"));
    }

    [Fact]
    public void Files_of_endpoints_that_are_gone_or_down_go_and_others_stay()
    {
        using LoopHost host = new();
        foreach (string link in new[] { "caliw0", "caliw1" }) host.AddLink(link);
        Directory.CreateDirectory(host.StatusFolder);
        File.WriteAllText(Path.Combine(host.StatusFolder, "cni default%2Fgone eth0"), "{}");
        host.Start(All);
        Assert.Equal(["cni default%2Fw0 eth0", "cni default%2Fw1 eth0"], Files(host));
        host.SetUp("caliw0", false);
        host.Step();
        Assert.Equal(["cni default%2Fw1 eth0"], Files(host));
        Directory.Delete(host.StatusFolder, recursive: true);
        host.SetUp("caliw0", true);
        host.Step();
        host.Delete(W1);
        Assert.Equal(["cni default%2Fw0 eth0"], Files(host));
        Assert.Equal(0, host.Log.Count("failed"));
    }

    [Fact]
    public void A_file_that_somebody_takes_away_comes_back()
    {
        using LoopHost host = new();
        foreach (string link in new[] { "caliw0", "caliw1" }) host.AddLink(link);
        host.Start(All);
        File.Delete(Path.Combine(host.StatusFolder, "cni default%2Fw0 eth0"));
        host.Wait(91);
        Assert.Equal(["cni default%2Fw0 eth0", "cni default%2Fw1 eth0"], Files(host));
    }

    private static IEnumerable<string> Files(LoopHost host) => Directory.GetFiles(host.StatusFolder).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal);
}
