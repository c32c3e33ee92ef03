using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Canal.Testing.Rig;

namespace Canal.EndToEnd.Tests;

/// <summary>Docker's driver beside the real agent: what containers of its networks reach is what policy says.</summary>
public sealed class DockerTests
{
    private const string Network = "a1b2c3d4e5f60718293a4b5c6d7e8f90";

    [Fact]
    public async Task Containers_of_docker_start_under_policy()
    {
        await using NetworkRig rig = await NetworkRig.OneHost(0);
        await rig.StartAgents();
        using Driver driver = await Driver.StartAsync(rig);
        await driver.CallAsync("NetworkDriver.CreateNetwork", $$"""{"NetworkID":"{{Network}}"}""");
        await rig.Put(Calico.GlobalNetworkPolicy("deny").Selecting("app == 'closed'").In(Rule.Deny));
        await rig.Settle();

        using Container one = await driver.ConnectAsync("11aa", ""), open = await driver.ConnectAsync("22bb", "open"), closed = await driver.ConnectAsync("33cc", "closed");
        // The policy is in the kernel when Join returns; the route follows when Docker has brought the interface up.
        Assert.False(Reaches(one, closed));
        await Poll.Until(() => Reaches(one, open), TimeSpan.FromSeconds(30), "the route");
        Assert.False(Reaches(one, closed));
        await rig.Etcd.Delete("/calico/resources/v3/projectcalico.org/globalnetworkpolicies/deny");
        await Poll.Until(() => Reaches(one, closed), TimeSpan.FromSeconds(30), "the policy to go");

        foreach (Container container in (Container[])[one, open, closed])
        {
            foreach (string method in (string[])["Leave", "DeleteEndpoint"]) await driver.CallAsync($"NetworkDriver.{method}", $$"""{"NetworkID":"{{Network}}","EndpointID":"{{container.Endpoint}}"}""");
            await driver.CallAsync("IpamDriver.ReleaseAddress", $$"""{"PoolID":"CanalPoolIPv4","Address":"{{container.Address}}"}""");
        }
        Assert.Empty(await rig.Etcd.Keys("/calico/resources/v3/projectcalico.org/workloadendpoints/libnetwork/"));
        Assert.Empty(await rig.Etcd.Keys("/calico/ipam/v2/handle/libnetwork"));
        Assert.DoesNotContain("cali11aa", rig["h1"].Shell("ip link"), StringComparison.Ordinal);
    }

    private static bool Reaches(Container from, Container to)
    {
        try
        {
            from.Netns.Shell($"ping -c1 -W1 {to.Address.Split('/')[0]}");
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private sealed record Container(string Endpoint, string Address, Netns Netns) : IDisposable
    {
        public void Dispose()
        {
            Netns.Dispose();
            Command.Shell($"ip netns del {Netns.Name}");
        }
    }

    /// <summary>canal-docker on host h1, called and followed as Docker does it.</summary>
    private sealed class Driver : IDisposable
    {
        private readonly NetworkRig rig;
        private readonly string socket;
        private readonly Process process;
        private readonly HttpClient http;

        private Driver(NetworkRig rig)
        {
            this.rig = rig;
            string folder = Directory.CreateDirectory(Path.Combine(rig.Folder, "docker")).FullName;
            socket = Path.Combine(folder, "canal.sock");
            File.WriteAllText(Path.Combine(folder, "canal.toml"), "node_name = \"h1\"\n[etcd]\nendpoints = [\"http://10.100.0.254:2379\"]\n");
            File.WriteAllText(Path.Combine(folder, "docker.toml"), $"plugin_socket = \"{socket}\"\nendpoint_status_dir = \"{rig.Agent().StatusFolder}\"\n");
            ProcessStartInfo start = new("ip", ["netns", "exec", rig["h1"].Netns.Name, Binary.Find("canal-docker"), "--config-dir", folder]);
            (start.Environment["STATE_DIRECTORY"], start.Environment["RUNTIME_DIRECTORY"]) = (folder, folder);
            foreach (string name in (string[])["NOTIFY_SOCKET", "JOURNAL_STREAM"]) start.Environment.Remove(name);
            process = Process.Start(start)!;
            http = new HttpClient(new SocketsHttpHandler { UseProxy = false, ConnectCallback = (_, stop) => OpenAsync(stop) }) { BaseAddress = new Uri("http://plugin/") };
        }

        public static async Task<Driver> StartAsync(NetworkRig rig)
        {
            Driver driver = new(rig);
            await Poll.Until(() => File.Exists(driver.socket), TimeSpan.FromSeconds(30), "canal-docker to listen");
            return driver;
        }

        public async Task<JsonObject> CallAsync(string method, string body)
        {
            using StringContent content = new(body, Encoding.UTF8, "application/vnd.docker.plugins.v1.2+json");
            using HttpResponseMessage answer = await http.PostAsync(new Uri(method, UriKind.Relative), content);
            string text = await answer.Content.ReadAsStringAsync();
            Assert.True(answer.IsSuccessStatusCode, $"{method}: {text}");
            return (JsonObject)JsonNode.Parse(text)!;
        }

        public async Task<Container> ConnectAsync(string endpoint, string app)
        {
            string address = (await CallAsync("IpamDriver.RequestAddress", """{"PoolID":"CanalPoolIPv4"}"""))["Address"]!.GetValue<string>();
            string options = app.Length == 0 ? "{}" : $$"""{"label.app":"{{app}}"}""";
            await CallAsync("NetworkDriver.CreateEndpoint", $$"""{"NetworkID":"{{Network}}","EndpointID":"{{endpoint}}","Interface":{"Address":"{{address}}"},"Options":{{options}}} """);
            JsonObject joined = await CallAsync("NetworkDriver.Join", $$"""{"NetworkID":"{{Network}}","EndpointID":"{{endpoint}}"}""");
            string name = $"{rig["h1"].Netns.Name}-{endpoint}", gateway = joined["Gateway"]!.GetValue<string>();
            Command.Shell($"ip netns add {name}; ip -n {rig["h1"].Netns.Name} link set {joined["InterfaceName"]!["SrcName"]!.GetValue<string>()} netns {name} name eth0");
            Command.Shell($"ip -n {name} addr add {address} dev eth0; ip -n {name} link set eth0 up; ip -n {name} route add {gateway} dev eth0; ip -n {name} route add default via {gateway}");
            return new Container(endpoint, address, new Netns(name));
        }

        public void Dispose()
        {
            http.Dispose();
            process.Kill();
            process.WaitForExit();
            process.Dispose();
        }

        private async ValueTask<Stream> OpenAsync(CancellationToken stop)
        {
            Socket connection = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), stop);
            return new NetworkStream(connection, ownsSocket: true);
        }
    }
}
