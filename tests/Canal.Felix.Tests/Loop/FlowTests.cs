using System.Text.Json.Nodes;
using Canal.Core.Addressing;
using Canal.Felix.Flows;
using Canal.Testing.Conntrack;
using static Canal.Felix.Tests.Loop.SampleObjects;

namespace Canal.Felix.Tests.Loop;

/// <summary>Who asks for flows is told what each end of this host says of the connections that there are.</summary>
public sealed class FlowTests : IDisposable
{
    private static readonly FakeConnection FromW1 = new(IpAddress.Parse("10.65.0.11"), 1000, IpAddress.Parse("10.65.0.10"), 80);
    private static readonly FakeConnection FromPeer = new(IpAddress.Parse("10.9.9.9"), 1001, IpAddress.Parse("10.65.0.10"), 80);
    private static readonly FakeConnection ToPeer = new(IpAddress.Parse("10.65.0.10"), 1002, IpAddress.Parse("10.9.9.9"), 80);
    private static readonly FakeConnection Translated = new(IpAddress.Parse("10.9.9.9"), 1003, IpAddress.Parse("192.0.2.1"), 80, IpAddress.Parse("10.65.0.11"));
    private static readonly FakeConnection Foreign = new(IpAddress.Parse("10.9.9.9"), 1004, IpAddress.Parse("10.8.8.8"), 80);

    private LoopHost host = new();

    public void Dispose() => host.Dispose();

    private void Begin()
    {
        host.AddLink("caliw0");
        host.AddLink("caliw1");
        host.Start(All);
        foreach (FakeConnection connection in new[] { FromW1, FromPeer, ToPeer, Translated, Foreign }) host.Conntrack.Track(connection);
    }

    [Fact]
    public async Task Each_end_says_which_rule_decides()
    {
        Begin();
        Assert.Equal(
            [
                "outlived 10.9.9.9:1001>10.65.0.10:80 - | default/h1-cni-w0-eth0 denied end-of-tier default ingress",
                "allowed 10.65.0.10:1002>10.9.9.9:80 default/h1-cni-w0-eth0 allowed profile/open egress 0 | -",
                "allowed 10.65.0.11:1000>10.65.0.10:80 default/h1-cni-w1-eth0 allowed profile/open egress 0 | default/h1-cni-w0-eth0 allowed gnp/web ingress 0",
                "allowed 10.9.9.9:1003>10.65.0.11:80 (192.0.2.1) - | default/h1-cni-w1-eth0 allowed profile/open ingress 0",
            ],
            (await Told("")).Order(StringComparer.Ordinal).OrderByDescending(line => line[0]));
    }

    [Theory]
    [InlineData("endpoint=default/h1-cni-w1-eth0", "1000 1003")]
    [InlineData("endpoint=h1-cni-w0-eth0", "1000 1001 1002")]
    [InlineData("policy=gnp/web", "1000")]
    [InlineData("policy=open verdict=allowed endpoint=h1-cni-w0-eth0", "1000 1002")]
    [InlineData("verdict=denied after=7", "1001")]
    [InlineData("endpoint=w0", "")]
    public async Task Only_what_is_asked_for_is_told(string query, string ports)
    {
        Begin();
        Assert.Equal(ports, string.Join(' ', (await Told(query)).Select(line => line.Split(':', '>')[1]).Order(StringComparer.Ordinal)));
    }

    [Fact]
    public async Task What_is_cut_is_said_to_be()
    {
        host.Dispose();
        host = new LoopHost("on_revoke = \"drop\"");
        Begin();
        host.Wait(5).Delete(Policy);
        host.Wait(5).Put(Policy);
        host.Wait(5);
        Assert.StartsWith("cut 10.9.9.9:1001>", Assert.Single(await Told("verdict=denied")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("after=x")]
    [InlineData("endpoint=")]
    [InlineData("verdict=maybe")]
    [InlineData("colour=red")]
    public void What_is_no_query_is_refused(string query)
    {
        Assert.Null(FlowQuery.Parse(query, out string problem));
        Assert.StartsWith($"'{query}' is not", problem, StringComparison.Ordinal);
    }

    private async Task<string[]> Told(string query)
    {
        string[] lines = await host.Flows(query);
        Assert.Contains("\"more\":false", lines[0], StringComparison.Ordinal);
        return [.. lines[1..].Select(line => JsonNode.Parse(line)!).Select(flow =>
            $"{flow["verdict"]} {flow["source"]}:{flow["source_port"]}>{flow["destination"]}:{flow["destination_port"]}{(flow["sent_to"] is { } sent ? $" ({sent})" : "")} {End(flow["egress"])} | {End(flow["ingress"])}")];
    }

    private static string End(JsonNode? end) => end is null ? "-" : $"{end["endpoint"]} {end["verdict"]} {end["reason"]}";
}
