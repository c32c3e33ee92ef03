using System.Text;
using Canal.Core.Addressing;
using Canal.Core.Resources;

namespace Canal.Core.Tests.Resources;

public sealed class IpamTests
{
    private const string Block = """
        {"cidr":"10.65.0.0/30","affinity":"host:host-a","affinity_claim_time":"2026-05-04T09:48:00Z","allocations":[0,1,null,null],"unallocated":[2,3],
         "attributes":[{"handle_id":"h0","secondary":{"node":"host-a"}},{"handle_id":null,"secondary":null,"alternateOwnerAttrs":{"a":"b"}}],
         "sequenceNumber":18446744073709551615,"sequenceNumberForAllocation":{"1":1777888085000000001,"0":1777888085000000000},"deleted":false,"hostAffinity":"old","later":{"a":1.50}}
        """;

    [Fact]
    public void A_block_reads_with_exact_sequence_numbers()
    {
        Decoded<IpamBlock> decoded = IpamCodec.DecodeBlock(Encoding.UTF8.GetBytes(Block));
        Assert.Empty(decoded.Problems);
        IpamBlock block = decoded.Value!;
        Assert.Equal(BlockOwner.Host("host-a"), block.Affinity);
        Assert.Equal(ulong.MaxValue, block.SequenceNumber);
        Assert.Equal([new AllocationSequence(0, 1777888085000000000), new AllocationSequence(1, 1777888085000000001)], block.SequenceNumbers);
        Assert.Equal([0, 1, null, null], block.Allocations);
        Assert.Equal([2, 3], block.Unallocated);
        Assert.Equal("node=host-a", block.Attributes[0].Secondary.ToString());
        Assert.Equal((null, "a=b"), (block.Attributes[1].HandleId, block.Attributes[1].AlternateOwner.ToString()));
    }

    [Fact]
    public void A_block_reads_back_as_written_with_the_fields_nobody_knows()
    {
        IpamBlock block = IpamCodec.DecodeBlock(Encoding.UTF8.GetBytes(Block)).Value!;
        byte[] written = IpamWriter.Encode(block);
        Assert.Equal(block, IpamCodec.DecodeBlock(written).Value);
        Assert.Contains("\"later\":{\"a\":1.50}", Encoding.UTF8.GetString(written), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"allocations":[]}""", "cidr: is missing")]
    [InlineData("""{"cidr":"10.0.0.0/30","allocations":[null]}""", "allocations: has 1 entries for 10.0.0.0/30")]
    [InlineData("""{"cidr":"10.0.0.0/31","allocations":[0,null]}""", "allocations[0]: is not the index of an attribute")]
    [InlineData("""{"cidr":"10.0.0.0/31","allocations":[null,null],"unallocated":[1,2]}""", "unallocated[1]: is not in the block")]
    [InlineData("""{"cidr":"10.0.0.0/31","affinity":"somebody"}""", "affinity: 'somebody' is not an owner")]
    [InlineData("""{"cidr":"10.0.0.0/31","sequenceNumber":-1}""", "sequenceNumber: is not a whole number of 64 bits")]
    public void A_block_in_doubt_is_unusable(string json, string problem)
    {
        Decoded<IpamBlock> decoded = IpamCodec.DecodeBlock(Encoding.UTF8.GetBytes(json));
        Assert.Null(decoded.Value);
        Assert.Equal(problem, decoded.Problems[0].ToString());
    }

    [Fact]
    public void Old_blocks_have_no_sequence_numbers()
    {
        IpamBlock block = IpamCodec.DecodeBlock("""{"cidr":"10.0.0.0/31","affinity":null,"allocations":[null,null],"unallocated":[0,1],"attributes":[]}"""u8).Value!;
        Assert.Equal((0ul, true, null), (block.SequenceNumber, block.SequenceNumbers.IsEmpty, block.Affinity));
    }

    [Theory]
    [InlineData("")]
    [InlineData("""{"state":"confirmed","deleted":false}""")]
    [InlineData("""{"state":"pendingDeletion"}""")]
    [InlineData("{}")]
    public void Affinities_read_back_as_written(string json)
    {
        IpamAffinity affinity = IpamCodec.DecodeAffinity(Encoding.UTF8.GetBytes(json)).Value!;
        Assert.Equal(affinity, IpamCodec.DecodeAffinity(IpamWriter.Encode(affinity)).Value);
    }

    [Fact]
    public void Handles_and_settings_read_back_as_written()
    {
        IpamHandle handle = IpamCodec.DecodeHandle("""{"block":{"10.65.0.0/26":1,"fd00:65::/122":2},"deleted":false}"""u8).Value!;
        Assert.Equal([new HandleCount(Cidr.Parse("10.65.0.0/26"), 1), new HandleCount(Cidr.Parse("fd00:65::/122"), 2)], handle.Blocks);
        Assert.Equal(handle, IpamCodec.DecodeHandle(IpamWriter.Encode(handle)).Value);
        IpamConfig config = IpamCodec.DecodeConfig("""{"strict_affinity":true,"maxBlocksPerHost":3,"kubeVirtVMAddressPersistence":"Enabled"}"""u8).Value!;
        Assert.Equal((true, false, 3), (config.StrictAffinity, config.AutoAllocateBlocks, config.MaxBlocksPerHost));
        Assert.Equal(config, IpamCodec.DecodeConfig(IpamWriter.Encode(config)).Value);
        Assert.True(IpamConfig.Default.AutoAllocateBlocks);
    }

    public static TheoryData<string> Keys =>
    [
        "/calico/ipam/v2/assignment/ipv4/block/10.65.0.0-26",
        "/calico/ipam/v2/assignment/ipv6/block/fd00:65::-122",
        "/calico/ipam/v2/host/host-a/ipv4/block/10.65.0.0-26",
        "/calico/ipam/v2/virtual/load-balancer/ipv6/block/fd00:65::-122",
        "/calico/ipam/v2/handle/net1.6b1f",
        "/calico/ipam/v2/config",
    ];

    [Theory]
    [MemberData(nameof(Keys))]
    public void Keys_read_back_as_printed(string text)
    {
        Assert.True(IpamKey.TryParse(Encoding.UTF8.GetBytes(text), out IpamKey key));
        Assert.Equal(text, key.ToEtcdKey());
    }

    [Theory]
    [InlineData("/calico/ipam/v2/assignment/ipv6/block/10.65.0.0-26")]
    [InlineData("/calico/ipam/v2/assignment/ipv4/block/10.65.0.0")]
    [InlineData("/calico/ipam/v2/host//ipv4/block/10.65.0.0-26")]
    [InlineData("/calico/ipam/v2/handle/")]
    [InlineData("/calico/ipam/v2/")]
    [InlineData("/calico/ipam/v1/config")]
    public void Other_keys_are_refused(string text) => Assert.False(IpamKey.TryParse(Encoding.UTF8.GetBytes(text), out _));
}
