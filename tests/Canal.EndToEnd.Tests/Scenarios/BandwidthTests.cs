using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Canal.Testing.Rig;

namespace Canal.EndToEnd.Tests.Scenarios;

/// <summary>What goes to a workload and comes from it is shaped to its bandwidth: measured with TCP, as the receiver counts it.</summary>
public sealed class BandwidthTests(ITestOutputHelper output)
{
    private const double Mega = 1e6;
    private const int Rounds = 3;
    private static readonly TimeSpan Measured = TimeSpan.FromSeconds(2), Second = TimeSpan.FromSeconds(1);

    public static TheoryData<string, string> Dataplanes => new() { { "ingress", "nftables" }, { "egress", "nftables" }, { "ingress", "iptables" }, { "egress", "iptables" } };

    [Theory]
    [MemberData(nameof(Dataplanes))]
    public async Task Traffic_has_the_bandwidth_that_is_given_also_after_a_change_and_in_the_end_any(string direction, string dataplane)
    {
        await using NetworkRig rig = await NetworkRig.OneHost(2);
        rig.Agent().Configure($"dataplane = \"{dataplane}\"");
        await rig.Put(Limited(rig, direction, 8));
        await rig.StartAgents();
        await Present(rig, "rate 8Mbit");
        Assert.InRange(Median(rig, direction), 6 * Mega, 10 * Mega);
        Assert.True(Rate(rig, direction == "ingress" ? "egress" : "ingress") > 50 * Mega, "the other direction is limited too");
        await rig.Put(Limited(rig, direction, 24));
        await Present(rig, "rate 24Mbit");
        Assert.InRange(Median(rig, direction), 18 * Mega, 30 * Mega);
        await rig.Round("w0↔w1 ✓", "v6 w0↔w1 ✓", "w0→x ✓");
        await rig.Put(rig.Endpoint("w0").Spec("qosControls", null));
        await Poll.Until(() => Traffic(rig).Length == 0, "the limit stays");
        Assert.True(Median(rig, direction) > 50 * Mega, "there is a limit still");
    }

    [Theory]
    [InlineData("tc qdisc del dev caliw0 root")]
    [InlineData("tc qdisc del dev caliw0 ingress")]
    [InlineData("tc filter del dev caliw0 ingress")]
    [InlineData("tc qdisc replace dev caliw0 root handle ca1a: tbf rate 1mbit burst 5kb limit 9kb")]
    [InlineData("tc qdisc del dev $(ip -o link show type ifb | grep -o 'bwcali[0-9a-f]*' | head -n 1) root")]
    [InlineData("ip link del $(ip -o link show type ifb | grep -o 'bwcali[0-9a-f]*' | head -n 1)")]
    public async Task What_somebody_takes_away_comes_back_within_a_second(string damage)
    {
        await using NetworkRig rig = await Both();
        string before = Traffic(rig);
        await Best.Within(Second, "putting a limit back", async () =>
        {
            long start = Stopwatch.GetTimestamp();
            rig["h1"].Shell(damage);
            await Poll.Until(() => Traffic(rig) == before, $"after {damage} there is {Traffic(rig)} instead of {before}");
            return Stopwatch.GetElapsedTime(start);
        });
        await rig.Round("w0↔w1 ✓", "v6 w0↔w1 ✓");
    }

    /// <summary>Of the same links and filters, by index, and of a flow none is lost.</summary>
    [Fact]
    public async Task A_new_agent_takes_over_what_is_there()
    {
        await using NetworkRig rig = await Both();
        string before = rig["h1"].Shell(Everything);
        using Flow flow = Flow.OneWay(rig["w0"], rig["w1"]);
        await Poll.Until(() => flow.Received > 100, "the flow does not flow");
        string[] heard = await Heard(rig, async () =>
        {
            rig.Agent().Kill();
            rig.Agent().Start();
            await rig.Settle();
        });
        Assert.Equal(before, rig["h1"].Shell(Everything));
        Assert.DoesNotContain(heard, line => line.Contains("caliw0", StringComparison.Ordinal) || line.Contains("bwcali", StringComparison.Ordinal));
        Assert.Empty(flow.Stop());
    }

    [Fact]
    public async Task What_is_left_of_workloads_that_are_gone_goes_with_the_next_start_and_all_of_it_with_a_cleanup()
    {
        await using NetworkRig rig = await Both();
        rig.Agent().Kill();
        await rig.Delete(rig.Endpoint("w1"));
        rig["h1"].Shell("ip link add bwcali012345678 type ifb");
        rig.Agent().Start();
        await Poll.Until(() => Devices(rig) == 1, "devices that nobody wants stay");
        Assert.DoesNotContain("caliw1", Traffic(rig), StringComparison.Ordinal);
        await rig.Agent().Terminate();
        Assert.Equal(1, Devices(rig));
        await rig.Agent().Cleanup();
        Assert.Equal((0, ""), (Devices(rig), Traffic(rig)));
    }

    private const string Everything = "tc qdisc show; tc filter show dev caliw0 ingress; ip -o link show type ifb | cut -d: -f1,2";

    private static int Devices(NetworkRig rig) => rig["h1"].Shell("ip -o link show type ifb").Split('\n', StringSplitOptions.RemoveEmptyEntries).Length;

    private static async Task<NetworkRig> Both()
    {
        NetworkRig rig = await NetworkRig.OneHost(2);
        JsonObject Qos() => new() { ["ingressBandwidth"] = 80_000_000, ["egressBandwidth"] = 40_000_000 };
        await rig.Put(rig.Endpoint("w0").Spec("qosControls", Qos()), rig.Endpoint("w1").Spec("qosControls", Qos()));
        await rig.StartAgents();
        await Present(rig, "rate 40Mbit");
        await Poll.Until(() => rig["h1"].Shell("tc filter show dev caliw0 ingress; tc filter show dev caliw1 ingress").Split("Redirect").Length == 3, "there is no detour");
        return rig;
    }

    /// <summary>A burst that is over before it is measured.</summary>
    private static Resource Limited(NetworkRig rig, string direction, long megabits) =>
        rig.Endpoint("w0").Spec("qosControls", new JsonObject { [$"{direction}Bandwidth"] = megabits * 1_000_000, [$"{direction}Burst"] = 400_000 });

    private static Task Present(NetworkRig rig, string what) => Poll.Until(() => Traffic(rig).Contains(what, StringComparison.Ordinal), $"there is no {what}");

    /// <summary>The workload's qdiscs that are not the kernel's own, and the filter; without index and counters.</summary>
    private static string Traffic(NetworkRig rig) => rig["h1"].Shell(
        "{ tc qdisc show | grep -E ' (tbf|ingress) ' | sed -E 's/bwcali[0-9a-f]+/bwcali/' | sort; tc filter show dev caliw0 ingress 2>/dev/null | grep -o 'Egress Redirect to device bwcali'; } || true");

    /// <summary>What tc monitor tells while something is done. That it listens, before and after, is seen by a change of ours.</summary>
    private static async Task<string[]> Heard(NetworkRig rig, Func<Task> done)
    {
        ConcurrentQueue<string> heard = [];
        using Process monitor = new() { StartInfo = new ProcessStartInfo("tc", "monitor") { RedirectStandardOutput = true } };
        monitor.OutputDataReceived += (_, line) => heard.Enqueue(line.Data ?? "");
        rig["h1"].Netns.Run(monitor.Start);
        monitor.BeginOutputReadLine();
        await Listens();
        heard.Clear();
        await done();
        await Listens();
        monitor.Kill();
        return [.. heard];

        Task Listens() => Poll.Until(() =>
        {
            rig["h1"].Shell("tc qdisc add dev lo ingress; tc qdisc del dev lo ingress");
            return heard.Any(line => line.Contains("dev lo", StringComparison.Ordinal));
        }, "tc monitor tells nothing");
    }

    private double Median(NetworkRig rig, string direction)
    {
        double[] rates = [.. Enumerable.Range(0, Rounds).Select(_ => Rate(rig, direction)).Order()];
        output.WriteLine($"{direction}: {string.Join(", ", rates.Select(rate => (rate / Mega).ToString("0.00", CultureInfo.InvariantCulture)))} Mbit/s");
        return rates[Rounds / 2];
    }

    /// <summary>Bits a second that one connection carries, the first half second left out.</summary>
    private static double Rate(NetworkRig rig, string direction)
    {
        (RigNode from, RigNode to) = direction == "ingress" ? (rig["x"], rig["w0"]) : (rig["w0"], rig["x"]);
        using Socket listener = to.Netns.Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp), sender = from.Netns.Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(to.Address4, 0));
        listener.Listen();
        sender.Connect(listener.LocalEndPoint!);
        using Socket receiver = listener.Accept();
        receiver.ReceiveTimeout = 10_000;
        Thread sending = new(() => Send(sender));
        sending.Start();
        byte[] buffer = new byte[1 << 20];
        for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < Measured / 4;) receiver.Receive(buffer);
        long bytes = 0, began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began) < Measured) bytes += receiver.Receive(buffer);
        double rate = bytes * 8 / Stopwatch.GetElapsedTime(began).TotalSeconds;
        receiver.Close(0);
        sender.Close(0);
        sending.Join();
        return rate;
    }

    private static void Send(Socket sender)
    {
        byte[] zeros = new byte[1 << 16];
        try
        {
            while (true) sender.Send(zeros);
        }
        catch (SocketException)
        {
            // The receiver has enough.
        }
        catch (ObjectDisposedException)
        {
            // So it has.
        }
    }
}
