using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Canal.Testing.Rig;

namespace Canal.EndToEnd.Tests.Scenarios;

/// <summary>An address that changes hands does not bring its old tenant's connections along.</summary>
public sealed class AddressReuseTests
{
    [Theory]
    [InlineData(AddressFamily.InterNetwork, "10.65.0.10", "10.65.0.12", 32)]
    [InlineData(AddressFamily.InterNetworkV6, "fd00:65::10", "fd00:65::12", 128)]
    public async Task The_next_owner_of_an_address_inherits_no_connection(AddressFamily family, string address, string former, int length)
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        await rig.Put(Calico.GlobalNetworkPolicy("guarded").Selecting("name == 'w2'").In(Rule.Deny));
        await rig.StartAgents();
        await rig.Round("w1→w0 ✓", "w1→w2 ✗");
        using Socket client = rig["w1"].Netns.Socket(family, SocketType.Dgram, ProtocolType.Udp);
        client.ReceiveTimeout = 200;
        client.Connect(IPAddress.Parse(address), 8055);
        await Poll.Until(() => IsAnswered(client), "w0 does not answer");

        // Its own address goes, or w2 would answer from that.
        rig["w2"].Shell($"ip addr add {address}/{length} dev eth0 {(length == 128 ? "nodad" : "")} && ip addr del {former}/{length} dev eth0");
        Resource second = rig.Endpoint("w2");
        await rig.Delete(rig.Endpoint("w0"));
        await rig.Put(second.Spec("ipNetworks", new JsonArray($"{address}/{length}")));
        await Poll.Until(() => Routes.Of(rig["h1"], address).Contains("dev caliw2", StringComparison.Ordinal), $"{address} does not move to caliw2");
        Drain(client);
        for (int packet = 0; packet < 5; packet++) Assert.False(IsAnswered(client), "the connection with w0 goes on with w2, whose policy forbids it");

        await rig.Put(Calico.GlobalNetworkPolicy("guarded").Selecting("name == 'w2'").In(Rule.Allow));
        await Poll.Until(() => IsAnswered(client), "w2 does not answer although policy allows it");
    }

    /// <summary>Takes w0's late answers, if any, out of the socket.</summary>
    private static void Drain(Socket client)
    {
        while (client.Poll(TimeSpan.FromMilliseconds(500), SelectMode.SelectRead))
        {
            try
            {
                client.Receive(new byte[64]);
            }
            catch (SocketException)
            {
                // An ICMP error of an earlier packet is as good as an answer.
            }
        }
    }

    private static bool IsAnswered(Socket client)
    {
        try
        {
            client.Send([1, 2, 3, 4]);
            return client.Receive(new byte[64]) > 0;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
