using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Canal.Core.Flannel;
using Canal.Testing;

namespace Canal.FlannelBridge.Tests;

/// <summary>The CNI network that is made of a lease, with the real host-local of the reference plugins, and beside what flannel's own plugin makes of the same lease.</summary>
public sealed class HostLocalTests
{
    private const string Plugin = "/usr/lib/cni/host-local";

    [Fact]
    public async Task The_real_host_local_gives_an_address_of_the_leased_subnet_and_keeps_it_in_the_networks_folder()
    {
        string folder = Directory.CreateTempSubdirectory("canal-host-local-").FullName;
        try
        {
            JsonObject network = Network("canal-net", "10.5.0.0/16", "10.5.46.1/24", 1450);
            JsonNode result = await Add(network, folder, "a-container", "eth0");
            Assert.Equal("10.5.46.2/24", (string?)result["ips"]![0]!["address"]);
            Assert.Equal("10.5.46.1", (string?)result["ips"]![0]!["gateway"]);
            Assert.Equal("a-container\r\neth0", await File.ReadAllTextAsync(Path.Combine(folder, "canal-net", "10.5.46.2")));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task It_keeps_what_it_kept_for_a_real_flannel()
    {
        JsonNode record = One("hostLocalFile");
        JsonNode input = record["input"]!, expect = record["expect"]!;
        string folder = Directory.CreateTempSubdirectory("canal-host-local-").FullName;
        try
        {
            JsonNode result = await Add(Network("flnet", "10.5.0.0/16", "10.5.46.1/24", 1450), folder, (string)input["id"]!, (string)input["ifname"]!);
            Assert.StartsWith((string)input["ip"]! + "/", (string?)result["ips"]![0]!["address"], StringComparison.Ordinal);
            Assert.Equal((string?)expect["content"], await File.ReadAllTextAsync(((string)expect["path"]!).Replace("<dataDir>", folder, StringComparison.Ordinal)));
            string[] last = ((string)expect["last"]!).Split(" = ");
            Assert.Equal(last[1], await File.ReadAllTextAsync(Path.Combine(folder, "flnet", last[0])));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>
    /// The addresses and the MTU are flannel's. What differs is whose plugin moves the packets: a workload of ours has the host as its only neighbour, so that its one route is
    /// the default one, and translation is the agents' and not the plugin's.
    /// </summary>
    [Fact]
    public void Addresses_and_mtu_are_those_of_flannels_own_plugin()
    {
        JsonNode record = One("flannelCniRender");
        JsonNode told = record["input"]!["subnetEnv"]!, expect = record["expect"]!;
        JsonNode plugin = Network((string)expect["name"]!, (string)told["NETWORK"]!, (string)told["SUBNET"]!, (uint)told["MTU"]!);
        Assert.Equal((string?)expect["name"], (string?)plugin["name"]);
        Assert.Equal((string?)expect["cniVersion"], (string?)plugin["cniVersion"]);
        Assert.Equal((uint?)expect["mtu"], (uint?)plugin["mtu"]);
        Assert.Equal((string?)expect["ipam"]!["type"], (string?)plugin["ipam"]!["type"]);
        Assert.True(JsonNode.DeepEquals(expect["ipam"]!["ranges"], plugin["ipam"]!["ranges"]), plugin.ToJsonString());
        Assert.Equal("0.0.0.0/0", (string?)plugin["ipam"]!["routes"]![0]!["dst"]);
        Assert.Equal("canal", (string?)plugin["type"]);
    }

    private static JsonNode One(string kind) => Assert.Single(JsonNode.Parse(File.ReadAllText(Conformance.Require("flannel/cases.json")))!.AsArray(), c => (string?)c!["kind"] == kind)!;

    // What a runtime hands to the one plugin of the rendered list.
    private static JsonObject Network(string name, string network, string subnet, uint mtu)
    {
        SubnetFile told = SubnetFile.Read(string.Create(CultureInfo.InvariantCulture, $"FLANNEL_NETWORK={network}\nFLANNEL_SUBNET={subnet}\nFLANNEL_MTU={mtu}\nFLANNEL_IPMASQ=false\n"));
        JsonNode list = JsonNode.Parse(FlannelCni.Render(told, name)!)!;
        JsonObject plugin = Assert.Single(list["plugins"]!.AsArray())!.DeepClone().AsObject();
        (plugin["name"], plugin["cniVersion"]) = ((string?)list["name"], (string?)list["cniVersion"]);
        return plugin;
    }

    private static async Task<JsonNode> Add(JsonObject network, string folder, string container, string @interface)
    {
        network["ipam"]!["dataDir"] = folder;
        ProcessStartInfo start = new(Plugin) { RedirectStandardInput = true, RedirectStandardOutput = true };
        foreach ((string name, string value) in ((string, string)[])[("CNI_COMMAND", "ADD"), ("CNI_CONTAINERID", container), ("CNI_IFNAME", @interface), ("CNI_NETNS", "/proc/self/ns/net"), ("CNI_PATH", "/usr/lib/cni")])
            start.Environment[name] = value;
        using Process process = Process.Start(start)!;
        await process.StandardInput.WriteAsync(network.ToJsonString());
        process.StandardInput.Close();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"host-local ended with {process.ExitCode}: {output}");
        return JsonNode.Parse(output)!;
    }
}
