using System.Net;
using Canal.Testing.Rig;

namespace Canal.Docker.Tests.Live;

/// <summary>What cannot be done is said in Docker's words, and nothing of it is done.</summary>
public sealed class RefusalTests(RefusalTests.Host shared) : IClassFixture<RefusalTests.Host>
{
    private const string Network = "00a1", Endpoint = "00e1";

    private DockerHost Driver => shared.Driver;

    [Theory]
    [InlineData("Plugin.Activate", "{", HttpStatusCode.BadRequest, "is not JSON")]
    [InlineData("NetworkDriver.CreateNetwork", "[]", HttpStatusCode.BadRequest, "is not an object")]
    [InlineData("NetworkDriver.CreateNetwork", """{"NetworkID":"00a2","NetworkID":"00a3"}""", HttpStatusCode.BadRequest, "is not JSON")]
    [InlineData("NetworkDriver.AllocateNetwork", "{}", HttpStatusCode.NotFound, "'NetworkDriver.AllocateNetwork' is not a method")]
    [InlineData("NetworkDriver.CreateNetwork", "{}", HttpStatusCode.InternalServerError, "NetworkID: '' is not an id")]
    [InlineData("NetworkDriver.CreateNetwork", """{"NetworkID":7}""", HttpStatusCode.InternalServerError, "is not an id")]
    [InlineData("NetworkDriver.CreateNetwork", """{"NetworkID":"../../etc/x"}""", HttpStatusCode.InternalServerError, "'../../etc/x' is not an id")]
    [InlineData("NetworkDriver.CreateNetwork", """{"NetworkID":"00a2","Options":{"com.docker.network.internal":true}}""", HttpStatusCode.InternalServerError, "--internal")]
    [InlineData("NetworkDriver.CreateNetwork", """{"NetworkID":"00a2","Options":{"com.docker.network.generic":{"parent":"eth0"}}}""", HttpStatusCode.InternalServerError, "-o 'parent'")]
    [InlineData("NetworkDriver.CreateNetwork", """{"NetworkID":"00a2","Options":{"com.docker.network.generic":{"label.a b":"c"}}}""", HttpStatusCode.InternalServerError, "a b")]
    [InlineData("NetworkDriver.CreateNetwork", """{"NetworkID":"00a2","Options":{"com.docker.network.generic":{"label.a":"\ud800"}}}""", HttpStatusCode.InternalServerError, "")]
    [InlineData("NetworkDriver.CreateEndpoint", """{"NetworkID":"00a9","EndpointID":"00e1","Interface":{"Address":"10.65.0.1/32"}}""", HttpStatusCode.InternalServerError, "has not made it")]
    [InlineData("NetworkDriver.CreateEndpoint", """{"NetworkID":"00a1","EndpointID":"00e1","Interface":{}}""", HttpStatusCode.InternalServerError, "has no address")]
    [InlineData("NetworkDriver.CreateEndpoint", """{"NetworkID":"00a1","EndpointID":"00e1","Interface":{"Address":"10.65.0.300/32"}}""", HttpStatusCode.InternalServerError, "'10.65.0.300/32' is not an address")]
    [InlineData("NetworkDriver.CreateEndpoint", """{"NetworkID":"00a1","EndpointID":"a/b","Interface":{"Address":"10.65.0.1/32"}}""", HttpStatusCode.InternalServerError, "'a/b' is not an id")]
    [InlineData("NetworkDriver.CreateEndpoint", """{"NetworkID":"00a1","EndpointID":"00e1","Interface":{"Address":"10.65.0.1/32"},"Options":{"label.x":"not/good"}}""", HttpStatusCode.InternalServerError, "not/good")]
    [InlineData("NetworkDriver.Join", """{"NetworkID":"00a1","EndpointID":"00e1"}""", HttpStatusCode.InternalServerError, "endpoint 00e1: this driver has not made it")]
    [InlineData("NetworkDriver.Leave", """{"NetworkID":"00a1","EndpointID":""}""", HttpStatusCode.InternalServerError, "is not an id")]
    [InlineData("IpamDriver.RequestPool", """{"Pool":"10.66.0.0/16"}""", HttpStatusCode.InternalServerError, "there is no IPPool of 10.66.0.0/16")]
    [InlineData("IpamDriver.RequestPool", """{"Pool":"many"}""", HttpStatusCode.InternalServerError, "'many' is not a range")]
    [InlineData("IpamDriver.RequestPool", """{"Pool":"10.65.0.0/16","SubPool":"10.65.1.0/24"}""", HttpStatusCode.InternalServerError, "--ip-range")]
    [InlineData("IpamDriver.RequestPool", """{"Options":{"speed":"fast"}}""", HttpStatusCode.InternalServerError, "'speed'")]
    [InlineData("IpamDriver.RequestAddress", """{"PoolID":"other"}""", HttpStatusCode.InternalServerError, "'other' is not this driver's")]
    [InlineData("IpamDriver.RequestAddress", """{"PoolID":"10.66.0.0/16"}""", HttpStatusCode.InternalServerError, "10.66.0.0/16")]
    [InlineData("IpamDriver.RequestAddress", """{"PoolID":"10.65.0.0/16","Address":"10.66.0.1"}""", HttpStatusCode.InternalServerError, "10.66.0.1 is not in 10.65.0.0/16")]
    [InlineData("IpamDriver.RequestAddress", """{"PoolID":"CanalPoolIPv4","Address":"fd00:65::1"}""", HttpStatusCode.InternalServerError, "is not in the pools of IPv4")]
    [InlineData("IpamDriver.RequestAddress", """{"PoolID":"CanalPoolIPv4","Options":{"RequestAddressType":"com.docker.network.gateway"}}""", HttpStatusCode.InternalServerError, "--gateway")]
    [InlineData("IpamDriver.ReleaseAddress", """{"PoolID":"CanalPoolIPv4","Address":""}""", HttpStatusCode.InternalServerError, "'' is not an address")]
    public async Task A_request_that_cannot_be_done_is_refused_and_leaves_nothing(string method, string body, HttpStatusCode status, string sentence)
    {
        Assert.Contains(sentence, await Driver.RefusedAsync(method, body, status), StringComparison.Ordinal);
        Assert.Empty(await Driver.LeftAsync());
        Assert.Empty(Driver.Links());
        Assert.Equal([$"{Network}.json"], Directory.GetFiles(Driver.NetworkFolder).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData("GET /Plugin.Activate HTTP/1.1\r\nHost: x\r\n\r\n", "404", "only POST")]
    [InlineData("nonsense\r\n\r\n", "404", "only POST")]
    [InlineData("POST /Plugin.Activate HTTP/1.1\r\nContent-Length: 1048577\r\n\r\n", "413", "at most 1048576")]
    [InlineData("POST /Plugin.Activate HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "413", "at most 1048576")]
    [InlineData("POST /Plugin.Activate HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "411", "Content-Length")]
    public async Task What_is_no_request_of_dockers_is_answered_all_the_same(string request, string status, string sentence)
    {
        // A second request tells the end of those that keep the connection; an unfinished one ends it.
        string answer = await Driver.SendRawAsync(request + "POST /Plugin.Activate HTTP/1.0\r\nContent-Length: 1048577\r\n\r\n");
        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
        Assert.Contains(sentence, answer[..answer.LastIndexOf('}')], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_head_without_end_is_refused()
    {
        string answer = await Driver.SendRawAsync("POST /Plugin.Activate HTTP/1.1\r\nX: " + new string('x', 20_000));
        Assert.StartsWith("HTTP/1.1 431 ", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_largest_body_is_read_and_requests_may_follow_each_other_at_once()
    {
        string large = "{\"X\":\"" + new string('x', (1 << 20) - 8) + "\"}";
        string request = $"POST /NetworkDriver.GetCapabilities HTTP/1.1\r\nContent-Length: {large.Length}\r\n\r\n{large}";
        string answers = await Driver.SendRawAsync(request + "POST /IpamDriver.GetCapabilities HTTP/1.1\r\ncontent-length: 2\r\n\r\n{}" + request + "POST /x HTTP/1.1\r\nContent-Length: 9999999\r\n\r\n");
        Assert.Equal(4, answers.Split("HTTP/1.1 ").Length - 1);
        Assert.Equal(3, answers.Split("HTTP/1.1 200 OK").Length - 1);
        Assert.True(answers.IndexOf("RequiresMACAddress", StringComparison.Ordinal) < answers.LastIndexOf("ConnectivityScope", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Without_the_agent_a_container_does_not_start_unless_told_otherwise()
    {
        await using DockerHost host = await DockerHost.StartAsync("policy_timeout = \"300ms\"");
        await host.CallAsync("NetworkDriver.CreateNetwork", $$"""{"NetworkID":"{{Network}}"}""");
        await host.CallAsync("NetworkDriver.CreateEndpoint", $$$"""{"NetworkID":"{{{Network}}}","EndpointID":"{{{Endpoint}}}","Interface":{"Address":"10.65.0.1/32"}}""");
        string join = $$"""{"NetworkID":"{{Network}}","EndpointID":"{{Endpoint}}"}""";
        Assert.Contains("canal-felix did not program cali00e1 within 0.3 s", await host.RefusedAsync("NetworkDriver.Join", join), StringComparison.Ordinal);
        Assert.Empty(host.Links());

        Assert.Equal(0, await host.StopDriverAsync());
        host.Configure("policy_timeout = \"100ms\"", "policy_timeout_action = \"open\"");
        await host.StartDriverAsync();
        await host.CallAsync("NetworkDriver.Join", join);
        Assert.Contains("10.65.0.1 dev cali00e1", host.Netns.Shell("ip route"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cluster_that_is_not_ready_gets_no_endpoint()
    {
        await using DockerHost host = await DockerHost.StartAsync();
        await host.PutAsync(Calico.ClusterInformation(ready: false));
        await host.CallAsync("NetworkDriver.CreateNetwork", $$"""{"NetworkID":"{{Network}}"}""");
        string sentence = await host.RefusedAsync("NetworkDriver.CreateEndpoint", $$$"""{"NetworkID":"{{{Network}}}","EndpointID":"{{{Endpoint}}}","Interface":{"Address":"10.65.0.1/32"}}""");
        Assert.Contains("datastoreReady", sentence, StringComparison.Ordinal);
        Assert.Empty(await host.LeftAsync());
    }

    /// <summary>A driver with one network, for all that changes nothing.</summary>
    public sealed class Host : IAsyncLifetime
    {
        internal DockerHost Driver { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Driver = await DockerHost.StartAsync();
            await Driver.CallAsync("NetworkDriver.CreateNetwork", $$"""{"NetworkID":"{{Network}}"}""");
        }

        public ValueTask DisposeAsync() => Driver.DisposeAsync();
    }
}
