using Canal.Core.Addressing;
using Canal.Core.Overlay;
using Canal.Core.Resources;
using Canal.Testing;
using static Canal.Testing.ResourceBuilder;

namespace Canal.Core.Tests.Overlay;

public sealed class WireGuardPlanTests
{
    private static readonly string[] Keys = [.. Enumerable.Range(0, 9).Select(i => WireGuardKey.FromBytes([.. Enumerable.Repeat((byte)(i + 1), 32)]).ToString())];

    private readonly ClusterNetwork network = new(ThisNode);

    public WireGuardPlanTests()
    {
        Put(NodeAt("h1", "192.0.2.1/24,2001:db8::1/64").WithWireGuard(Keys[1], "10.65.0.1"), NodeAt("h2", "192.0.2.2/24,2001:db8::2/64", "10.65.1.9").WithWireGuard(Keys[2], "10.65.1.1", Keys[5]), NodeAt("h3", "192.0.2.3/24"));
        Put(Block("10.65.0.0/26", "h1"), Block("10.65.1.0/26", "h2"), Block("10.65.3.0/26", "h3"), Block("fd00:65::/122", "h2"));
    }

    [Fact]
    public void A_host_with_a_key_is_a_peer_and_what_is_elsewhere_is_thrown()
    {
        Assert.Equal($"h2 {Keys[2]} 192.0.2.2 [10.65.1.0/26, 10.65.1.1/32, 10.65.1.9/32]; thrown [10.65.0.0/26, 10.65.0.1/32, 10.65.3.0/26]; []", Plan());
        Assert.Equal($"h2 {Keys[5]} 2001:db8::2 [fd00:65::/122]; thrown []; []", Plan(IpFamily.V6));
    }

    [Fact]
    public void Hosts_are_destinations_too_when_they_encrypt_what_they_send_themselves() =>
        Assert.Equal($"h2 {Keys[2]} 192.0.2.2 [10.65.1.0/26, 10.65.1.1/32, 10.65.1.9/32, 192.0.2.2/32]; thrown [10.65.0.0/26, 10.65.0.1/32, 10.65.3.0/26]; []", Plan(encryptHosts: true));

    [Fact]
    public void A_host_that_gives_up_its_key_is_reached_without_encryption()
    {
        Put(NodeAt("h2", "192.0.2.2/24", "10.65.1.9"));
        Assert.Equal("thrown [10.65.0.0/26, 10.65.0.1/32, 10.65.1.0/26, 10.65.1.9/32, 10.65.3.0/26]; []", Plan());
    }

    [Fact]
    public void A_host_without_an_address_or_with_no_key_is_no_peer()
    {
        Put(NodeAt("h2", "").WithWireGuard(Keys[2]), NodeAt("h3", "192.0.2.3/24").WithWireGuard("x"));
        Assert.Equal("thrown [10.65.0.0/26, 10.65.0.1/32, 10.65.1.0/26, 10.65.3.0/26]; [the public key of Node h3 is none]", Plan());
    }

    [Fact]
    public void One_key_of_two_hosts_is_nobodys_whoever_came_first()
    {
        Put(NodeAt("h3", "192.0.2.3/24").WithWireGuard(Keys[2]));
        string once = Plan();
        Assert.Equal($"thrown [10.65.0.0/26, 10.65.0.1/32, 10.65.1.0/26, 10.65.1.1/32, 10.65.1.9/32, 10.65.3.0/26]; [Nodes h2, h3 have one public key, {Keys[2]}]", once);
        Put(NodeAt("h2", "192.0.2.2/24"));
        Put(NodeAt("h2", "192.0.2.2/24", "10.65.1.9").WithWireGuard(Keys[2], "10.65.1.1"));
        Assert.Equal(once, Plan());
        Put(NodeAt("h3", "192.0.2.3/24").WithWireGuard(Keys[1]));
        Assert.Contains($"Nodes h1, h3 have one public key, {Keys[1]}", Plan(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_borrowed_address_is_its_borrowers()
    {
        Put(Block("10.65.0.0/26", "h1", (40, "h2")), Block("10.65.1.0/26", "h2", (41, "h1"), (42, "h3")));
        Assert.Equal($"h2 {Keys[2]} 192.0.2.2 [10.65.0.40/32, 10.65.1.0/26, 10.65.1.1/32, 10.65.1.9/32]; thrown [10.65.0.0/26, 10.65.0.1/32, 10.65.1.41/32, 10.65.1.42/32, 10.65.3.0/26]; []", Plan());
    }

    [Fact]
    public void A_local_workload_inside_anothers_block_is_thrown_and_elsewhere_needs_no_route()
    {
        network.SetLocal("cali0", [Cidr.Parse("10.65.1.7/32"), Cidr.Parse("10.65.0.7/32"), Cidr.Parse("10.99.0.1/32")]);
        Assert.True(network.TakeChanges().Destinations);
        Assert.Equal($"h2 {Keys[2]} 192.0.2.2 [10.65.1.0/26, 10.65.1.1/32, 10.65.1.9/32]; thrown [10.65.0.0/26, 10.65.0.1/32, 10.65.1.7/32, 10.65.3.0/26]; []", Plan());
    }

    [Fact]
    public void Routes_of_workloads_take_the_place_of_blocks()
    {
        network.Configure(new NetworkSettings { RoutesFromWorkloads = true });
        WorkloadEndpoint remote = Workload("w", "10.65.1.5", node: "h2");
        network.Apply(remote.Key, remote);
        Assert.Equal($"h2 {Keys[2]} 192.0.2.2 [10.65.1.1/32, 10.65.1.5/32, 10.65.1.9/32]; thrown [10.65.0.1/32]; []", Plan());
    }

    private void Put(params IEnumerable<Resource> resources)
    {
        foreach (Resource resource in resources) network.Apply(resource.Key, resource);
    }

    private void Put(params IEnumerable<IpamBlock> blocks)
    {
        foreach (IpamBlock block in blocks) network.ApplyBlock(block.Cidr, block);
    }

    private string Plan(IpFamily family = IpFamily.V4, bool encryptHosts = false)
    {
        network.TakeChanges();
        WireGuardPlan plan = network.WireGuard(family, network.Self is { } self && WireGuardKey.TryParse(self.Ends(family).WireGuardKey, out WireGuardKey own) ? own : default, encryptHosts);
        return string.Join("; ", [.. plan.Peers.Select(p => $"{p.Node} {p.Key} {p.Host} {p.AllowedIps}"), $"thrown {plan.Thrown}", plan.Problems.ToString()]);
    }
}
