using Canal.Core.Addressing;
using Canal.Linux.Routing;
using Canal.Testing.Conntrack;
using static Canal.Felix.Tests.Loop.SampleObjects;

namespace Canal.Felix.Tests.Loop;

/// <summary>When an address changes hands its connections end before the new owner gets the route; otherwise they are left alone.</summary>
public sealed class AddressMoveTests : IDisposable
{
    private static readonly IpAddress Peer = IpAddress.Parse("10.9.9.9"), First = IpAddress.Parse("10.65.0.10"), Second = IpAddress.Parse("10.65.0.11");

    private readonly LoopHost host = new();

    public void Dispose() => host.Dispose();

    private void Run()
    {
        host.AddLink("caliw0");
        host.AddLink("caliw1");
        host.Start(All);
        host.Conntrack.Track(new FakeConnection(First, 1000, Peer, 80));
        host.Conntrack.Track(new FakeConnection(Peer, 1001, First, 80));
        host.Conntrack.Track(new FakeConnection(Peer, 1002, Second, 80));
    }

    /// <summary>Sources and destinations of what is still tracked.</summary>
    private string Left => string.Join(", ", host.Conntrack.Connections.Select(connection => $"{connection.From}>{connection.To}"));

    private const string OnlySecond = "10.9.9.9>10.65.0.11";
    private const string Everything = "10.65.0.10>10.9.9.9, 10.9.9.9>10.65.0.10, 10.9.9.9>10.65.0.11";

    [Fact]
    public void A_deleted_endpoint_takes_its_connections_with_it()
    {
        Run();
        host.Delete(W0);
        Assert.Equal(OnlySecond, Left);
    }

    [Fact]
    public void So_does_one_whose_link_went_first()
    {
        Run();
        host.Routes.Meddle(KernelChange.Delete(new Link { Name = "caliw0" }));
        host.Step();
        Assert.Equal(Everything, Left);
        host.Delete(W0);
        Assert.Equal(OnlySecond, Left);
    }

    [Fact]
    public void An_address_taken_from_an_endpoint_takes_its_connections_with_it()
    {
        Run();
        host.Put(Endpoint("w0", "caliw0", "fd00:65::10/128"));
        Assert.Equal(OnlySecond, Left);
    }

    [Fact]
    public void Between_the_old_route_and_the_new_one_connections_are_forgotten()
    {
        Run();
        string? during = null;
        host.Conntrack.OnForget = () => during = $"[{host.RouteTo("10.65.0.10")}]";
        host.Say(host.Events((W0.Key, null), (W1.Key, Endpoint("w1", "caliw1", "10.65.0.10/32", "10.65.0.11/32", "fd00:65::11/128").Json)));
        host.Step();
        Assert.Equal(("[]", "caliw1", OnlySecond), (during, host.RouteTo("10.65.0.10"), Left));
    }

    [Fact]
    public void An_endpoint_that_moves_to_another_interface_begins_anew()
    {
        Run();
        host.AddLink("caliw9");
        host.Put(Endpoint("w0", "caliw9", "10.65.0.10/32", "fd00:65::10/128"));
        Assert.Equal(("caliw9", OnlySecond), (host.RouteTo("10.65.0.10"), Left));
    }

    [Fact]
    public void Another_endpoint_on_the_same_interface_with_the_same_address_begins_anew()
    {
        Run();
        host.Say(host.Events((W0.Key, null), (Endpoint("w7", "caliw0", "10.65.0.10/32").Key, Endpoint("w7", "caliw0", "10.65.0.10/32").Json)));
        host.Step();
        Assert.Equal(("caliw0", OnlySecond), (host.RouteTo("10.65.0.10"), Left));
    }

    [Fact]
    public void An_address_that_a_younger_interface_claims_changes_hands_and_changes_back()
    {
        Run();
        host.Put(Endpoint("w1", "caliw1", "10.65.0.10/32", "10.65.0.11/32"));
        Assert.Equal(("caliw1", OnlySecond), (host.RouteTo("10.65.0.10"), Left));
        host.Conntrack.Track(new FakeConnection(Peer, 1001, First, 80));
        host.Delete(Endpoint("w1", "caliw1"));
        Assert.Equal(("caliw0", ""), (host.RouteTo("10.65.0.10"), Left));
    }

    [Fact]
    public void A_link_that_flaps_an_endpoint_that_changes_otherwise_and_a_restart_leave_connections_alone()
    {
        Run();
        host.SetUp("caliw0", false);
        host.Step();
        host.SetUp("caliw0", true);
        host.Step();
        host.Put(W0.Labels(("role", "other")).Spec("mac", "02:65:00:00:00:77"));
        host.Put(Endpoint("w0", "caliw0", "10.65.0.10/32", "10.65.0.99/32"));
        host.Restart();
        host.Start([.. All.Except([W0]), Endpoint("w0", "caliw0", "10.65.0.10/32", "10.65.0.99/32")]);
        Assert.Equal(("caliw0", Everything), (host.RouteTo("10.65.0.10"), Left));
    }

    [Fact]
    public void What_moved_while_no_agent_ran_begins_anew()
    {
        Run();
        host.Restart();
        host.Start([.. All.Except([W0, W1]), Endpoint("w1", "caliw1", "10.65.0.10/32", "10.65.0.11/32", "fd00:65::11/128")]);
        Assert.Equal(("caliw1", OnlySecond), (host.RouteTo("10.65.0.10"), Left));
    }

    [Fact]
    public void What_left_while_no_agent_ran_is_forgotten()
    {
        Run();
        host.Restart();
        host.Start(All.Except([W0]));
        Assert.Equal(("", OnlySecond), (host.RouteTo("10.65.0.10"), Left));
    }

    [Fact]
    public void While_connections_cannot_be_forgotten_nobody_gets_the_route()
    {
        Run();
        host.Conntrack.FailNext(3);
        host.Say(host.Events((W0.Key, null), (W1.Key, Endpoint("w1", "caliw1", "10.65.0.10/32", "10.65.0.11/32").Json)));
        host.Step();
        Assert.Equal(("", "caliw1", Everything), (host.RouteTo("10.65.0.10"), host.RouteTo("10.65.0.11"), Left));
        Assert.False(host.IsHealthy);
        host.Wait(5);
        Assert.Equal(("caliw1", OnlySecond), (host.RouteTo("10.65.0.10"), Left));
        Assert.True(host.IsHealthy);
        Assert.Equal((1, 1), (host.Log.Count("wiring interfaces failed"), host.Log.Count("works again")));
    }

    [Fact]
    public void A_deletion_whose_connections_cannot_be_forgotten_is_tried_again()
    {
        Run();
        host.Conntrack.FailNext(2);
        host.Delete(W0);
        Assert.Equal(Everything, Left);
        host.Wait(5);
        Assert.Equal(OnlySecond, Left);
    }
}
