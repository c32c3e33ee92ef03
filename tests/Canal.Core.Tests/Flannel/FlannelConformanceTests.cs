using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Canal.Core.Addressing;
using Canal.Core.Flannel;
using Canal.Core.Overlay;
using Canal.Core.Resources;
using Canal.Testing;

namespace Canal.Core.Tests.Flannel;

/// <summary>Agreement with what flannel's own code did with the same inputs; the data is kept outside the project.</summary>
public sealed class FlannelConformanceTests
{
    private static readonly IpAddress Host = IpAddress.Parse("192.168.50.1");

    private static IEnumerable<JsonNode> Cases(string kind, int expected)
    {
        JsonNode[] cases = [.. JsonNode.Parse(File.ReadAllText(Conformance.Require("flannel/cases.json")))!.AsArray().OfType<JsonNode>().Where(c => Text(c["kind"]) == kind)];
        Assert.Equal(expected, cases.Length);
        return cases;
    }

    private static string Text(JsonNode? node) => node is JsonValue value && value.TryGetValue(out string? text) ? text : "";

    private static string Json(JsonNode? node) => node!.ToJsonString();

    [Fact]
    public void Configurations_are_read_filled_in_and_refused_alike()
    {
        foreach (JsonNode record in Cases("config", 82))
        {
            string input = Text(record["input"]);
            JsonNode expect = record["expect"]!;
            if (expect["error"] is not null)
            {
                Assert.True(Record.Exception(() => FlannelNetworkReader.Read(input)) is FlannelFormatException, $"{input}: should be refused: {Text(expect["error"])}");
                continue;
            }
            FlannelNetwork network = FlannelNetworkReader.Read(input);
            Assert.Equal((input, Text(expect["backendType"]), (bool)expect["nft"]!), (input, network.Backend, network.UsesNftables));
            Assert.Equal((input, (bool)expect["enableIPv4"]!, (bool)expect["enableIPv6"]!), (input, network.V4 is not null, network.V6 is not null));
            CheckRange(input, expect, "network", "subnet", network.V4);
            CheckRange(input, expect, "ipv6Network", "ipv6Subnet", network.V6);
            if (expect["subnetCount"] is { } count) Assert.Equal((input, (UInt128)(long)count), (input, network.V4!.Count));
            if (expect["firstKey"] is { } first)
                Assert.Equal((input, Text(first)), (input, FlannelSubnet.Of(First(network.V4), First(network.V6)).ToString()));
        }
    }

    private static Cidr? First(FlannelRange? range) => range is null ? null : new Cidr(range.First, range.SubnetLength);

    private static void CheckRange(string input, JsonNode expect, string network, string subnet, FlannelRange? range)
    {
        if (expect[network] is null) return;
        Assert.Equal((input, Text(expect[network])), (input, range!.Network.ToString()));
        Assert.Equal((input, (int)expect[$"{subnet}Len"]!), (input, range.SubnetLength));
        Assert.Equal((input, Text(expect[$"{subnet}Min"]), Text(expect[$"{subnet}Max"])), (input, range.First.ToString(), range.Last.ToString()));
    }

    [Fact]
    public void Keys_are_parsed_alike()
    {
        foreach (JsonNode record in Cases("parseSubnetKey", 28))
        {
            string input = Text(record["input"]);
            bool parsed = FlannelSubnet.TryParse(input, out FlannelSubnet subnet);
            Assert.Equal((input, (bool)record["expect"]!["ok"]!), (input, parsed));
            if (!parsed) continue;
            Assert.Equal((input, Text(record["expect"]!["v4"])), (input, $"{subnet.V4}/{subnet.V4Length}"));
            Assert.Equal((input, Text(record["expect"]!["v6"])), (input, subnet.V6 is { } v6 ? $"{v6}/{subnet.V6Length}" : ""));
        }
    }

    [Fact]
    public void Lease_values_are_the_same_to_the_byte()
    {
        VxlanBackend vxlan = new(1, 8472, false, false, 0, false);
        Assert.True(MacAddress.TryParse("e2:fa:30:37:50:a4", out MacAddress mac4));
        Assert.True(MacAddress.TryParse("e2:fa:30:37:50:a5", out MacAddress mac6));
        FlannelLease v4 = new() { PublicV4 = Host }, dual = v4 with { PublicV6 = IpAddress.Parse("fd50::1") };
        Dictionary<string, FlannelLease> leases = new()
        {
            ["udp/alloc"] = v4 with { BackendType = new AllocBackend().LeaseType },
            ["host-gw"] = v4 with { BackendType = new HostGatewayBackend().LeaseType },
            ["host-gw dual"] = dual with { BackendType = new HostGatewayBackend().LeaseType },
            ["vxlan"] = v4 with { BackendType = vxlan.LeaseType, BackendData = vxlan.LeaseData(mac4) },
            ["vxlan dual"] = dual with { BackendType = vxlan.LeaseType, BackendData = vxlan.LeaseData(mac4), BackendV6Data = vxlan.LeaseData(mac6) },
            ["wireguard"] = v4 with { BackendType = "wireguard", BackendData = WireguardBackend.LeaseData(WireGuardKey.Parse("H0Ad2yKBMgfGM6/Yt2dRxd8u+juyViCz3KdJfEdteJ8="), 51820) },
            ["extension no-cmd"] = v4 with { BackendType = "extension", BackendData = ExtensionBackend.LeaseData("") },
            ["extension <&>"] = v4 with { BackendType = "extension", BackendData = ExtensionBackend.LeaseData("a<b>&c") },
            ["v6 only"] = dual with { PublicV4 = IpAddress.FromV4(0), BackendType = "vxlan", BackendV6Data = vxlan.LeaseData(mac6) },
        };
        foreach (JsonNode record in Cases("leaseValue", 9))
            Assert.Equal(Text(record["expect"]!["json"]), Encoding.UTF8.GetString(leases[Text(record["input"])].Write()));
    }

    [Fact]
    public void Leases_of_others_are_read_and_refused_alike()
    {
        foreach (JsonNode record in Cases("leaseDecode", 11))
        {
            string input = Text(record["input"]);
            JsonNode expect = record["expect"]!;
            if (expect["error"] is not null)
            {
                Assert.True(Record.Exception(() => FlannelLease.Read(Encoding.UTF8.GetBytes(input))) is FlannelFormatException, input);
                continue;
            }
            FlannelLease lease = FlannelLease.Read(Encoding.UTF8.GetBytes(input));
            Assert.Equal((input, Text(expect["publicIP"]), Text(expect["backendType"]), (bool)expect["hasV6"]!), (input, lease.PublicV4.ToString(), lease.BackendType, lease.PublicV6 is not null));
        }
    }

    [Fact]
    public void The_subnet_file_is_the_same_to_the_byte_and_can_be_read_back()
    {
        foreach (JsonNode record in Cases("subnetEnv", 3))
        {
            string[] parts = Text(record["input"]).Split(' ');
            FlannelSubnet subnet = FlannelSubnet.Of(Given(parts[1]), Given(parts[2]));
            SubnetFile file = SubnetFile.Of(FlannelNetworkReader.Read(parts[0]), subnet, uint.Parse(Value(parts[4]), CultureInfo.InvariantCulture), Value(parts[3]) == "true");
            Assert.Equal(Text(record["expect"]!["file"]), file.Write());
            Assert.Equal(file, SubnetFile.Read(file.Write()));
        }
    }

    private static string Value(string part) => part[(part.IndexOf('=') + 1)..];

    private static Cidr? Given(string part) => Value(part).Length == 0 ? null : Cidr.Parse(Value(part));

    [Fact]
    public void The_mtu_is_the_same_but_for_flannels_slip_with_ipv6()
    {
        foreach (JsonNode record in Cases("mtu", 13))
        {
            JsonNode input = record["input"]!, expect = record["expect"]!;
            JsonObject options = input["options"]!.DeepClone().AsObject();
            options["Type"] = Text(input["backend"]);
            if (Text(input["backend"]) == "ipsec") options["PSK"] = new string('s', 96);
            bool v6 = input["ipv6"] is { } flag && (bool)flag;
            FlannelNetwork network = FlannelNetworkReader.Read($$"""{"Network":"10.5.0.0/16","EnableIPv6":{{(v6 ? "true" : "false")}},"IPv6Network":"fd05::/48","Backend":{{options.ToJsonString()}}}""");
            FlannelBackend backend = FlannelBackend.Read(network);
            uint link = (uint)input["ifaceMtu"]!;
            if (expect["deviceMtu"] is { } device) Assert.Equal((Json(input), (uint)device), (Json(input), backend.Mtu(link, v6 ? IpFamily.V6 : IpFamily.V4)));
            if (expect["device"] is { } name) Assert.Equal(Text(name), Device(backend, v6 ? IpFamily.V6 : IpFamily.V4));
            // flannel tells workloads what its IPv4 device carries, 20 bytes more than goes through that of IPv6.
            Assert.Equal((Json(input), (uint)expect["subnetEnvMtu"]! - (v6 ? 20u : 0)), (Json(input), backend.Mtu(link, network)));
        }
    }

    private static string Device(FlannelBackend backend, IpFamily family) => backend switch
    {
        VxlanBackend vxlan => vxlan.Device(family),
        WireguardBackend wireguard => wireguard.Device(family),
        UdpBackend => UdpBackend.Device,
        IpipBackend => IpipBackend.Device,
        _ => "",
    };

    [Fact]
    public void Options_of_vxlan_have_the_same_defaults()
    {
        foreach (JsonNode record in Cases("vxlanOptions", 2))
        {
            FlannelBackend backend = FlannelBackend.Read(FlannelNetworkReader.Read($$"""{"Network":"10.5.0.0/16","Backend":{{Json(record["input"])}}}"""));
            VxlanBackend vxlan = Assert.IsType<VxlanBackend>(backend);
            JsonNode expect = record["expect"]!;
            if (expect["kernelPort"] is { } port)
            {
                Assert.Equal(new VxlanBackend((uint)expect["VNI"]!, (ushort)port, (bool)expect["GBP"]!, (bool)expect["Learning"]!, 0, (bool)expect["DirectRouting"]!), vxlan);
            }
            else
            {
                Assert.Equal((Text(expect["device"]), (ushort)expect["dstport"]!, true), (vxlan.Device(IpFamily.V4), vxlan.Port, vxlan.DirectRouting));
            }
        }
    }

    [Fact]
    public void Subnets_are_chosen_by_the_same_rules()
    {
        foreach (JsonNode record in Cases("acquire", 7))
            for (int seed = 0; seed < 200; seed++) CheckChoice(record["input"]!, record["expect"]!, new Random(seed));
    }

    private static void CheckChoice(JsonNode input, JsonNode expect, Random chance)
    {
        string at = Json(input), others = Text(input["existingPublicIP"]).Replace('x', '0');
        FlannelNetwork network = FlannelNetworkReader.Read(Json(input["config"]));
        List<HeldLease> leases = [.. input["existing"]!.AsArray().Select(c => Held(Text(c), others.Length > 0 ? others : "192.0.2.1"))];
        FlannelLease self = new() { PublicV4 = IpAddress.Parse(Text(input["publicIP"])) };
        FlannelSubnet? previous = input["prev"] is null ? null : FlannelSubnet.Of(Cidr.Parse(Text(input["prev"])), null);
        LeaseChoice choice = LeaseAcquisition.Choose(network, leases, self, previous, chance);
        if (expect["deleted"] is JsonArray deleted) Assert.Equal(deleted.Select(Text), choice.Retired.Select(l => l.Subnet.V4Cidr.ToString()!));
        else Assert.True(choice.Retired.IsEmpty, at);
        if (expect["error"] is not null)
        {
            Assert.Null(choice.Subnet);
            return;
        }
        Cidr chosen = choice.Subnet!.Value.V4Cidr!.Value;
        if (expect["inRange"] is JsonArray range) Assert.True(chosen.Address >= IpAddress.Parse(Text(range[0])) && chosen.Address <= IpAddress.Parse(Text(range[1])), $"{at}: {chosen}");
        if (expect["notIn"] is JsonArray not) Assert.DoesNotContain(chosen.Address.ToString(), not.Select(Text));
        if (expect["subnet"] is { } same) Assert.Equal(Text(same), chosen.ToString());
        if (expect["not"] is { } other) Assert.NotEqual(Text(other), chosen.ToString());
        if (expect["within"] is { } within) Assert.True(Cidr.Parse(Text(within)).Contains(chosen), $"{at}: {chosen}");
        if (expect["secondAcquireSame"] is not null)
            Assert.Equal(choice.Subnet, LeaseAcquisition.Choose(network, [.. leases, Held(chosen.ToString(), self.PublicV4.ToString())], self, null, chance).Subnet);
    }

    private static HeldLease Held(string subnet, string host)
    {
        FlannelSubnet leased = FlannelSubnet.Of(Cidr.Parse(subnet), null);
        return new HeldLease($"/coreos.com/network/subnets/{leased}", leased, new FlannelLease { PublicV4 = IpAddress.Parse(host) }, 2, 2, 7);
    }

    [Fact]
    public void WireGuard_speaks_over_the_same_family()
    {
        foreach (JsonNode record in Cases("wireguardAutoMode", 5))
        {
            JsonNode input = record["input"]!;
            IpFamily family = WireguardBackend.Choose(Address(input["peerV4"]), Address(input["peerV6"]), (bool)input["localHasV4"]!, Address(input["localV6"]));
            Assert.Equal((Json(input), Text(record["expect"]!["mode"])), (Json(input), family == IpFamily.V4 ? "ipv4" : "ipv6"));
        }
        foreach (JsonNode record in Cases("ip4IsPrivate", 8))
            Assert.Equal((Text(record["input"]), (bool)record["expect"]!), (Text(record["input"]), WireguardBackend.IsPrivate(IpAddress.Parse(Text(record["input"])))));
    }

    private static IpAddress? Address(JsonNode? node) => node is null ? null : IpAddress.Parse(Text(node));

    [Fact]
    public void Subnets_overlap_alike()
    {
        foreach (JsonNode record in Cases("overlaps", 4))
        {
            FlannelSubnet[] subnets = [.. record["input"]!.AsArray().Select(c => FlannelSubnet.Of(Cidr.Parse(Text(c)), null))];
            Assert.Equal((Json(record["input"]), (bool)record["expect"]!), (Json(record["input"]), subnets[0].Overlaps(subnets[1])));
        }
    }

    [Fact]
    public void Host_local_gives_the_same_addresses()
    {
        foreach (JsonNode record in Cases("hostLocalRange", 5))
        {
            string input = Text(record["input"]);
            JsonNode expect = record["expect"]!;
            // Subnets here have no host bits: the text is not what the prefix is.
            if (Text(expect["error"]).Contains("host bits", StringComparison.Ordinal)) Assert.NotEqual(input, Cidr.Parse(input).ToString());
            else if (HostLocalRange.Of(Cidr.Parse(input)) is { } range) Assert.Equal((Address(expect["gateway"]), Address(expect["first"]), Address(expect["last"])), (range.Gateway, range.First, range.Last));
            else Assert.NotNull(expect["error"]);
        }
    }

    [Fact]
    public void Endpoints_are_named_alike()
    {
        foreach (JsonNode record in Cases("wepName", 8))
        {
            string? name = Parts(record["input"]!).Print(out Problem problem);
            if (record["expect"] is JsonObject expect) Assert.Equal((Json(record), Text(expect["errorField"])), (Json(record), problem.Path));
            else Assert.Equal(Text(record["expect"]), name);
        }
        foreach (JsonNode record in Cases("wepNamePrefix", 3))
            Assert.Equal((Json(record), Text(record["expect"])), (Json(record), Parts(record["input"]!).PrintPrefix(out _)));
    }

    private static WorkloadEndpointName Parts(JsonNode input) => WorkloadEndpointName.Of(new WorkloadEndpointSpec
    {
        Node = Text(input["node"]),
        Orchestrator = Text(input["orch"]),
        Workload = Text(input["workload"]),
        ContainerId = Text(input["containerID"]),
        Pod = Text(input["pod"]),
        Endpoint = Text(input["endpoint"]),
    });
}
