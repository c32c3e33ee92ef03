using System.Text.RegularExpressions;
using Canal.Core.Addressing;
using Canal.Testing;

namespace Canal.FlannelBridge.Tests.Live;

/// <summary>What real flanneld left in the same set-ups, against what the bridge leaves: etcd, subnet.env, the kernel. The data is kept outside the project.</summary>
public sealed partial class LiveConformanceTests
{
    private static readonly string[] Commands = ["ip route", "ip -6 route", "ip neigh", "ip -6 neigh", "bridge fdb", "ip addr", "ip -d link"];

    [Theory]
    [InlineData("vxlan-0.28.9")]
    [InlineData("vxlan-0.20.2")]
    [InlineData("vxlan-direct-0.28.9")]
    [InlineData("vxlan-dual-0.28.9")]
    [InlineData("vxlan-gbp-learning-mtu-0.28.9")]
    [InlineData("vxlan-nft-0.28.9")]
    [InlineData("hostgw-0.28.9")]
    [InlineData("hostgw-dual-0.28.9")]
    [InlineData("hostgw-offlink-0.28.9")]
    [InlineData("alloc-0.28.9")]
    [InlineData("udp-0.28.9")]
    [InlineData("default-backend-0.28.9")]
    public async Task The_same_is_left_behind(string capture)
    {
        string folder = Conformance.Require($"flannel/live/{capture}");
        string config = Regex.Match(File.ReadAllText(Path.Combine(folder, "case.txt")), "config=(.*) args=").Groups[1].Value;
        int[] numbers = [.. Directory.GetDirectories(folder, "fl-n*").Select(d => d[^1] - '0').Order()];
        string stored = File.ReadAllText(Path.Combine(folder, "etcdctl-get.txt"));
        bool isThirdFar = stored.Contains("192.168.60.3", StringComparison.Ordinal);
        await using FlannelFabric fabric = await FlannelFabric.Start(config);
        FlannelHost[] hosts = [.. numbers.Select(n => fabric.AddHost(n, n == 3 && isThirdFar ? 60 : 50, "masquerade = \"bridge\""))];
        foreach (FlannelHost host in hosts) host.Start();
        foreach (FlannelHost host in hosts) await fabric.Until(() => host.HasSubnet, $"host {host.Number} has no subnet");

        string ours = await fabric.Etcd.CtlAsync("get", "--prefix", FlannelFabric.Prefix);
        Names theirNames = Names.Of(stored), ourNames = Names.Of(ours);
        Assert.Equal(Sorted(theirNames.Put(stored)), Sorted(ourNames.Put(ours)));
        foreach (FlannelHost host in hosts)
        {
            string env = theirNames.Put(File.ReadAllText(Path.Combine(folder, $"subnet{host.Number}.env")));
            // flannel tells workloads 20 bytes more than its IPv6 tunnel carries.
            Assert.Equal(config.Contains("EnableIPv6", StringComparison.Ordinal) ? env.Replace("MTU=1450", "MTU=1430", StringComparison.Ordinal) : env, ourNames.Put(File.ReadAllText(host.SubnetFilePath)));
            string[] expected = Entries(theirNames.Put(string.Join('\n', Directory.GetFiles(Path.Combine(folder, $"fl-n{host.Number}")).Select(File.ReadAllText))));
            await fabric.Until(() => expected.SequenceEqual(Entries(ourNames.Put(host.Netns.Shell(string.Join(';', Commands))))), "the kernel's state differs: " +
                $"missing {string.Join('\n', expected.Except(Entries(ourNames.Put(host.Netns.Shell(string.Join(';', Commands))))))}\nnot flannel's {string.Join('\n', Entries(ourNames.Put(host.Netns.Shell(string.Join(';', Commands)))).Except(expected))}");
        }
    }

    /// <summary>What is about the network, and not about workloads, other devices, or what the kernel adds.</summary>
    private static string[] Entries(string text)
    {
        IEnumerable<string> lines = text.Split('\n').Select(l => Regex.Replace(l.Trim(), "( pref medium| proto boot| metric 1024|qlen [0-9]+|valid_lft .*)", "").Trim());
        return [.. lines.Where(l => Ours().IsMatch(l) && !Foreign().IsMatch(l)).Select(Reduced).Distinct().Order(StringComparer.Ordinal)];
    }

    private static string Reduced(string line)
    {
        if (Regex.Match(line, "^[0-9]+: (flannel[^:@]*).* (mtu [0-9]+)") is { Success: true } link) return $"{link.Groups[1].Value} {link.Groups[2].Value}";
        if (Regex.Match(line, "vxlan id .*?udp6zerocsumrx( gbp)?") is { Success: true } vxlan) return vxlan.Value;
        return line;
    }

    private static string[] Sorted(string text) => [.. text.Split('\n').Select(l => l.Trim()).Where(l => l.Length > 0).Order(StringComparer.Ordinal)];

    [GeneratedRegex("flannel|^S[0-9]\\S* via |vxlan id ")]
    private static partial Regex Ours();

    [GeneratedRegex("^(local|anycast|multicast|broadcast|default)|fe80:|FAILED|INCOMPLETE|STALE|REACHABLE|DELAY|^chain|^table|^comment|FLANNEL|flanneld|^-|dev cni|proto kernel")]
    private static partial Regex Foreign();

    /// <summary>Names for what is drawn by chance: subnets by their hosts' numbers, hardware addresses alike.</summary>
    private sealed partial class Names
    {
        private readonly Dictionary<string, string> names = [];

        public static Names Of(string stored)
        {
            Names names = new();
            foreach (Match lease in Lease().Matches(stored))
            {
                string host = lease.Groups["host"].Value[^1..];
                Cidr subnet = Cidr.Parse(lease.Groups["v4"].Value + "/32");
                names.names[$"{Regex.Escape(subnet.Address.ToString())}(?![0-9])"] = $"S{host}.0";
                names.names[$"{Regex.Escape(IpAddress.FromV4(subnet.Address.V4 + 1).ToString())}(?![0-9])"] = $"S{host}.1";
                if (lease.Groups["v6"].Success) names.names[Regex.Escape(lease.Groups["v6"].Value)] = $"S{host}v6:";
            }
            return names;
        }

        public string Put(string text)
        {
            foreach ((string chance, string name) in names) text = Regex.Replace(text, $"(?<![0-9a-f.:]){chance}", name);
            return FlannelFabric.WithoutChance(text);
        }

        [GeneratedRegex(@"subnets/(?<v4>[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+)-[0-9]+(&(?<v6>[0-9a-f:]+:):-[0-9]+)?\s*\{""PublicIP"":""(?<host>[0-9.]+)""")]
        private static partial Regex Lease();
    }
}
