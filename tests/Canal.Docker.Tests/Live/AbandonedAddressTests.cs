using System.Diagnostics;
using Canal.Testing.Rig;

namespace Canal.Docker.Tests.Live;

/// <summary>Docker dies between asking for an address and making an endpoint of it.</summary>
public sealed class AbandonedAddressTests
{
    private const string Mac = "02:42:0a:41:07:07";

    private static string Ask(string address, string mac) => $$$"""{"PoolID":"CanalPoolIPv4","Address":"{{{address}}}","Options":{"com.docker.network.endpoint.macaddress":"{{{mac}}}"}}""";

    [Fact]
    public async Task What_no_endpoint_was_made_of_is_given_back_and_nothing_else()
    {
        await using DockerHost host = await DockerHost.StartAsync("abandoned_address_after = \"0s\"");
        await host.CallAsync("NetworkDriver.CreateNetwork", """{"NetworkID":"00a1"}""");
        foreach (string used in (string[])["10.65.7.7", "10.65.7.8"]) await host.CallAsync("IpamDriver.RequestAddress", Ask(used, Mac));
        await host.CallAsync("NetworkDriver.CreateEndpoint", $$$"""{"NetworkID":"00a1","EndpointID":"00e1","Interface":{"Address":"10.65.7.7/32","MacAddress":"{{{Mac}}}"}}""");
        // What Docker reserves for a network, and what other hosts' containers wait with, is none of it; a host's name may begin as this one's and a dot.
        await host.CallAsync("IpamDriver.RequestAddress", """{"PoolID":"CanalPoolIPv4","Address":"10.65.7.9"}""");
        await host.CallAsync("IpamDriver.RequestAddress", Ask("10.65.7.10", "02:42:0a:41:07:10"));
        await host.Etcd.CtlAsync("put", "/calico/ipam/v2/handle/libnetwork.h1.site.02420a410711", """{"handleID":"libnetwork.h1.site.02420a410711","block":{"10.65.9.0/26":1},"deleted":false}""");
        await host.Etcd.CtlAsync("put", "/calico/ipam/v2/assignment/ipv4/block/10.65.9.0-26", TheirBlock());
        string theirs = await host.Etcd.CtlAsync("get", "--print-value-only", "/calico/ipam/v2/assignment/ipv4/block/10.65.9.0-26");
        Assert.DoesNotContain("is free again", host.Log, StringComparison.Ordinal);

        // The time begins when a driver sees it; it may be set while the driver runs.
        host.Configure("abandoned_address_after = \"1s\"");
        await host.ReloadAsync();
        await Poll.Until(() => host.Log.Contains("10.65.7.8 is free again", StringComparison.Ordinal) && host.Log.Contains("10.65.7.10 is free again", StringComparison.Ordinal), DockerHost.Patience, "the addresses to be given back");
        Assert.Equal(["libnetwork.h1", "libnetwork.h1.02420a410707", "libnetwork.h1.site.02420a410711"], (await host.LeftAsync()).Where(key => key.Contains("/handle/", StringComparison.Ordinal)).Select(key => key.Split('/')[^1]));
        Assert.Equal(theirs, await host.Etcd.CtlAsync("get", "--print-value-only", "/calico/ipam/v2/assignment/ipv4/block/10.65.9.0-26"));
        Assert.Equal("10.65.7.8/32", (await host.CallAsync("IpamDriver.RequestAddress", Ask("10.65.7.8", "02:42:0a:41:07:08")))["Address"]!.GetValue<string>());
        Assert.Contains("10.65.7.7", await host.RefusedAsync("IpamDriver.RequestAddress", Ask("10.65.7.7", "02:42:0a:41:07:08")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_that_is_asked_for_again_has_all_its_time_again()
    {
        TimeSpan limit = TimeSpan.FromSeconds(4);
        await using DockerHost host = await DockerHost.StartAsync("abandoned_address_after = \"4s\"");
        bool IsFree() => host.Log.Contains("10.65.7.7 is free again", StringComparison.Ordinal);
        long begun = Stopwatch.GetTimestamp(), asked = begun;
        // The same request again and again, as from a Docker that dies each time.
        while (Stopwatch.GetElapsedTime(begun) < 2 * limit && !IsFree())
        {
            asked = Stopwatch.GetTimestamp();
            Assert.Equal("10.65.7.7/32", (await host.CallAsync("IpamDriver.RequestAddress", Ask("10.65.7.7", Mac)))["Address"]!.GetValue<string>());
        }
        await Poll.Until(IsFree, DockerHost.Patience, "the address to be given back");
        Assert.True(Stopwatch.GetElapsedTime(asked) >= limit, $"given back {Stopwatch.GetElapsedTime(asked)} after it was asked for");
    }

    [Fact]
    public async Task A_bad_configuration_is_refused_and_the_old_one_stays()
    {
        await using DockerHost host = await DockerHost.StartAsync();
        host.Configure("policy_timeout = 3");
        Assert.Contains("docker.toml:", await host.ReloadAsync(expected: 78), StringComparison.Ordinal);
        host.HangUp();
        await Poll.Until(() => host.Log.Contains("the new one is refused, the old one stays", StringComparison.Ordinal), DockerHost.Patience, "the driver to say so");
        host.Configure("policy_timeout = \"0s\"");
        host.HangUp();
        await Poll.Until(() => host.Log.Contains("configuration: read again", StringComparison.Ordinal), DockerHost.Patience, "the driver to read it again");
        // A container does not wait for policy any more.
        await host.CallAsync("NetworkDriver.CreateNetwork", """{"NetworkID":"00a1"}""");
        await host.CallAsync("NetworkDriver.CreateEndpoint", """{"NetworkID":"00a1","EndpointID":"00e1","Interface":{"Address":"10.65.7.7/32"}}""");
        await host.CallAsync("NetworkDriver.Join", """{"NetworkID":"00a1","EndpointID":"00e1"}""");
    }

    private static string TheirBlock()
    {
        string allocations = string.Join(',', Enumerable.Range(0, 64).Select(ordinal => ordinal == 0 ? "0" : "null")), free = string.Join(',', Enumerable.Range(1, 63));
        return $$$"""{"cidr":"10.65.9.0/26","affinity":"host:h1.site","allocations":[{{{allocations}}}],"unallocated":[{{{free}}}],"attributes":[{"handle_id":"libnetwork.h1.site.02420a410711","secondary":{"node":"h1.site"}}],"deleted":false}""";
    }
}
