using System.Text.Json.Nodes;
using Canal.Testing.Rig;

namespace Canal.EndToEnd.Tests.Scenarios;

public sealed class Scenario16Tests
{
    private static readonly int[] Single = [.. Enumerable.Range(0, 30).Select(i => 3000 + 3 * i)];

    [Fact]
    public async Task Numeric_ports_and_ranges_match_exactly()
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        rig["w0"].Listen([.. Single, 1999, .. Enumerable.Range(2000, 12), 3001, 65535]);
        await rig.StartAgents();
        Resource policy = Calico.GlobalNetworkPolicy("ports").Selecting("name == 'w0'");
        await rig.Put(policy.In(Rule.Allow.Tcp.DstPorts([.. Single.Select(p => (JsonNode)p), "2000:2010", 65535])));
        await rig.Round([.. Single.Select(p => $"w1→w0:{p} ✓"), .. Enumerable.Range(2000, 11).Select(p => $"w1→w0:{p} ✓"), "w1→w0:65535 ✓",
            "w1→w0:2011 ✗", "w1→w0:1999 ✗", "w1→w0:3001 ✗", "w1→w0 ✗", "udp w1→w0:2000 ✗", "v6 w1→w0:2005 ✓", "v6 w1→w0:2011 ✗"]);

        await rig.Put(policy.In(Rule.Allow.Tcp.DstPorts("2000:2010").DstNotPorts(2005)));
        await rig.Round("w1→w0:2004 ✓", "w1→w0:2005 ✗", "w1→w0:2006 ✓", "w1→w0:3000 ✗");

        await rig.Put(policy.In(Rule.Allow.Tcp.SrcPorts("40000:40010")));
        await rig.Round("sport=40000 w1→w0 ✓", "sport=40010 w1→w0 ✓", "sport=39999 w1→w0 ✗", "sport=40011 w1→w0 ✗");

        await rig.Put(policy.In(Rule.Allow.Tcp.DstPorts(2004, 8055).DstNotPorts("2000:2010")));
        await rig.Round("w1→w0:2004 ✗", "w1→w0 ✓");
    }

    [Fact]
    public async Task Port_zero_is_invalid_and_harms_nothing_else()
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        await rig.StartAgents();
        await rig.Put(Calico.GlobalNetworkPolicy("zero").Selecting("name == 'w0'").In(Rule.Allow.Tcp.DstPorts(0)),
            Calico.GlobalNetworkPolicy("sound").Selecting("name == 'w2'").In(Rule.Allow.Src("name == 'w0'")));
        await rig.Round("w0→w2 ✓", "w1→w2 ✗");
    }
}
