using System.Text;
using Canal.Core.Resources;
using CsCheck;

namespace Canal.Core.Tests.Resources;

/// <summary>etcd is untrusted: whatever the bytes, decoding gives a value and problems, never an exception.</summary>
public sealed class RobustnessTests
{
    private static readonly string[] Samples =
    [
        """{"kind":"GlobalNetworkPolicy","metadata":{"name":"x","labels":{"a":"b"},"annotations":{"c":"\u003cé"}},"spec":{"order":1.5,"types":["Ingress"],"ingress":[{"action":"Allow","ipVersion":4,"protocol":"TCP","icmp":{"type":8},"source":{"nets":["10.0.0.0/8"],"selector":"x","serviceAccounts":{"names":["a"]}},"destination":{"ports":[80,"1:2","http"]},"http":{"methods":["GET"],"paths":[{"exact":"/"}]},"metadata":{"annotations":{"a":"b"}}}]}}""",
        """{"metadata":{"name":"x","creationTimestamp":null},"spec":{"orchestrator":"cni","node":"a","containerID":"c","endpoint":"e","ipNetworks":["10.65.0.2/32"],"ipNATs":[{"internalIP":"10.0.0.1","externalIP":"10.0.0.2"}],"profiles":["p"],"interfaceName":"cali1","mac":"ee:ee:ee:ee:ee:02","ports":[{"name":"h","protocol":"TCP","port":8443}],"qosControls":{"dscp":"EF"}}}""",
        """{"spec":{"cidr":"10.0.0.0/16","blockSize":26,"bgp":{"asNumber":"1.10","ipv4Address":"192.0.2.10/24"},"addresses":[{"address":"1.2.3.4","type":"x"}],"interfaces":[{"name":"e","addresses":["1.2.3.4"]}],"communities":[{"name":"a","value":"b"}],"importV4":[{"action":"Accept","operations":[{"addCommunity":{"value":"1:2"}}]}]},"status":{"a":[1]}}""",
        """{"cidr":"10.65.0.0/31","affinity":"host:a","allocations":[0,null],"unallocated":[1],"attributes":[{"handle_id":"h","secondary":{"a":"b"}}],"sequenceNumber":1,"sequenceNumberForAllocation":{"0":1},"block":{"10.0.0.0/26":1},"state":"pending"}""",
    ];

    [Fact]
    public void Random_bytes_never_throw() => Gen.Byte.Array[0, 60].Sample(DecodeAll);

    [Fact]
    public void Truncated_values_never_throw_and_are_never_used()
    {
        foreach (string sample in Samples)
        {
            byte[] json = Encoding.UTF8.GetBytes(sample);
            for (int length = 0; length < json.Length; length++)
                foreach (ResourceKindEntry entry in ResourceKinds.All)
                    Assert.Null(ResourceCodec.Decode(Reading.Key(entry.Kind), json.AsMemory(0, length)).Resource);
        }
    }

    [Fact]
    public void Values_with_one_byte_or_piece_changed_never_throw() =>
        Gen.Select(Gen.OneOf([.. Samples.Select(Gen.Const)]), Gen.Int[0, 2000], Gen.OneOf([.. new[] { "\"", "{", "}", "[", "]", ",", ":", "null", "0", "-", "\\", "\\ud800", "1e999", "\u0001" }.Select(Gen.Const)])).Sample((sample, at, piece) =>
        {
            at %= sample.Length;
            DecodeAll(Encoding.UTF8.GetBytes(sample[..at] + piece + sample[(at + 1)..]));
            DecodeAll(Encoding.UTF8.GetBytes(sample[..at] + piece + sample[at..]));
        });

    [Fact]
    public void Any_value_in_place_of_any_other_never_throws()
    {
        string[] values = ["null", "true", "-1", "1.5", "99999999999999999999", "\"\"", "\"x\"", "[]", "[[]]", "[null]", "[{}]", "{}", "{\"a\":{}}"];
        foreach (string sample in Samples)
            foreach (int colon in Enumerable.Range(0, sample.Length).Where(i => sample[i] == ':' && sample[i - 1] == '"'))
                foreach (string value in values)
                {
                    int depth = 0, end = colon + 1;
                    bool text = false;
                    for (; end < sample.Length; end++)
                    {
                        char c = sample[end];
                        if (c == '"' && sample[end - 1] != '\\') text = !text;
                        if (text) continue;
                        if (c is '{' or '[') depth++;
                        if (c is '}' or ']' && depth-- == 0) break;
                        if (c == ',' && depth == 0) break;
                    }
                    DecodeAll(Encoding.UTF8.GetBytes(sample[..(colon + 1)] + value + sample[end..]));
                }
    }

    [Fact]
    public void Values_nested_without_end_are_unusable() =>
        Assert.Null(Reading.Decode(ResourceKind.Tier, "{\"spec\":" + new string('[', 100000)).Resource);

    private static void DecodeAll(byte[] json)
    {
        foreach (ResourceKindEntry entry in ResourceKinds.All)
        {
            Decoded decoded = ResourceCodec.Decode(Reading.Key(entry.Kind), json);
            Assert.True(decoded.Resource is not null || !decoded.Problems.IsEmpty);
        }
        IpamCodec.DecodeBlock(json);
        IpamCodec.DecodeAffinity(json);
        IpamCodec.DecodeHandle(json);
        IpamCodec.DecodeConfig(json);
        ResourceDocument.Parse(json, out _);
        _ = ResourceKey.TryParse(json, out _, out _);
        _ = IpamKey.TryParse(json, out _);
    }
}
