using Canal.Testing.Rig;

namespace Canal.Docker.Tests.Live;

/// <summary>etcd, or the driver itself, is away in the middle.</summary>
public sealed class FaultTests
{
    private const string Network = """{"NetworkID":"00a1"}""", Named = """{"NetworkID":"00a1","EndpointID":"00e1"}""";
    private const string Create = """{"NetworkID":"00a1","EndpointID":"00e1","Interface":{"Address":"10.65.7.7/32","MacAddress":"02:42:0a:41:07:07"}}""";
    private const string Ask = """{"PoolID":"CanalPoolIPv4","Address":"10.65.7.7","Options":{"com.docker.network.endpoint.macaddress":"02:42:0a:41:07:07"}}""";
    private const string Release = """{"PoolID":"CanalPoolIPv4","Address":"10.65.7.7/32"}""";

    [Fact]
    public async Task Without_etcd_nothing_is_made_and_what_is_to_go_goes_later()
    {
        await using DockerHost host = await DockerHost.StartAsync();
        await host.CallAsync("NetworkDriver.CreateNetwork", Network);
        await host.CallAsync("IpamDriver.RequestAddress", Ask);
        await host.CallAsync("NetworkDriver.CreateEndpoint", Create);
        await host.ProgramAsync("00e1");
        await host.CallAsync("NetworkDriver.Join", Named);

        await host.Etcd.KillAsync();
        foreach ((string method, string body) in new[]
        {
            ("IpamDriver.RequestPool", """{"Pool":"10.65.0.0/16"}"""), ("IpamDriver.RequestAddress", """{"PoolID":"CanalPoolIPv4"}"""),
            ("NetworkDriver.CreateEndpoint", Create.Replace("00e1", "00e2", StringComparison.Ordinal)), ("NetworkDriver.Join", Named.Replace("00e1", "00e2", StringComparison.Ordinal)),
            ("NetworkDriver.DeleteNetwork", Network),
        })
            Assert.Contains("127.0.0.1:2379", await host.RefusedAsync(method, body), StringComparison.Ordinal);
        Assert.Single(Directory.GetFiles(host.NetworkFolder));
        Assert.Equal(["cali00e1", "tmp00e1"], host.Links().Order(StringComparer.Ordinal));

        await host.CallAsync("NetworkDriver.Leave", Named);
        Assert.Empty(host.Links());
        await host.CallAsync("NetworkDriver.DeleteEndpoint", Named);
        await host.CallAsync("IpamDriver.ReleaseAddress", Release);
        Assert.Equal(2, Directory.GetFiles(host.PendingFolder).Length);
        Assert.Contains("10.65.7.7 is released later", host.Log, StringComparison.Ordinal);

        // It is not forgotten by a driver that ends meanwhile either.
        host.KillDriver();
        await host.StartDriverAsync();
        await host.Etcd.StartAgainAsync();
        await Poll.Until(() => Directory.GetFiles(host.PendingFolder).Length == 0, DockerHost.Patience, "the deletions to be caught up");
        await host.CallAsync("NetworkDriver.DeleteNetwork", Network);
        Assert.Empty(await host.LeftAsync());
    }

    [Fact]
    public async Task An_address_whose_release_is_still_to_be_done_is_released_before_it_is_assigned_again()
    {
        await using DockerHost host = await DockerHost.StartAsync();
        await host.CallAsync("IpamDriver.RequestAddress", Ask);
        await host.Etcd.KillAsync();
        await host.CallAsync("IpamDriver.ReleaseAddress", Release);
        Assert.Single(Directory.GetFiles(host.PendingFolder));
        await host.Etcd.StartAgainAsync();
        // Another container asks for the very address at once.
        await host.CallAsync("IpamDriver.RequestAddress", Ask.Replace("02:42:0a:41:07:07", "02:42:0a:41:07:08", StringComparison.Ordinal));
        Assert.Empty(Directory.GetFiles(host.PendingFolder));
        Assert.Equal(["/calico/ipam/v2/handle/libnetwork.h1.02420a410708"], await host.LeftAsync());
    }

    [Fact]
    public async Task A_driver_that_dies_in_the_middle_of_joining_leaves_what_the_same_again_or_a_deletion_clears()
    {
        await using DockerHost host = await DockerHost.StartAsync("policy_timeout = \"60s\"");
        await host.CallAsync("NetworkDriver.CreateNetwork", Network);
        await host.CallAsync("IpamDriver.RequestAddress", Ask);
        await host.CallAsync("NetworkDriver.CreateEndpoint", Create);
        await DieWhileJoiningAsync(host);
        await host.ProgramAsync("00e1");
        await host.CallAsync("NetworkDriver.Join", Named);
        Assert.Equal(["cali00e1", "tmp00e1"], host.Links().Order(StringComparer.Ordinal));
        await host.CallAsync("NetworkDriver.Leave", Named);
        File.Delete(host.StatusFileOf("00e1"));

        await DieWhileJoiningAsync(host);
        // Docker gives up and deletes, without having left what was never joined.
        await host.CallAsync("NetworkDriver.DeleteEndpoint", Named);
        await host.CallAsync("IpamDriver.ReleaseAddress", Release);
        await host.CallAsync("NetworkDriver.DeleteNetwork", Network);
        Assert.Empty(host.Links());
        Assert.Empty(await host.LeftAsync());
    }

    [Fact]
    public async Task Stopping_in_the_middle_of_joining_takes_the_interface_back()
    {
        await using DockerHost host = await DockerHost.StartAsync("policy_timeout = \"60s\"");
        await host.CallAsync("NetworkDriver.CreateNetwork", Network);
        await host.CallAsync("NetworkDriver.CreateEndpoint", Create);
        Task<string> joining = host.RefusedAsync("NetworkDriver.Join", Named);
        await Poll.Until(() => host.Links().Length == 2, DockerHost.Patience, "the pair of interfaces to be made");
        Assert.Equal(0, await host.StopDriverAsync());
        await Assert.ThrowsAsync<HttpRequestException>(() => joining);
        Assert.Empty(host.Links());
    }

    private static async Task DieWhileJoiningAsync(DockerHost host)
    {
        Task<string> joining = host.RefusedAsync("NetworkDriver.Join", Named);
        await Poll.Until(() => host.Links().Length == 2, DockerHost.Patience, "the pair of interfaces to be made");
        host.KillDriver();
        await Assert.ThrowsAsync<HttpRequestException>(() => joining);
        await host.StartDriverAsync();
    }
}
