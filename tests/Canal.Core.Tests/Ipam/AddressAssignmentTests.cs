using Canal.Core.Addressing;
using Canal.Core.Ipam;
using Canal.Core.Resources;

namespace Canal.Core.Tests.Ipam;

public sealed class AddressAssignmentTests
{
    private readonly IpamWorld world = new();

    private static IEnumerable<string> Texts(EquatableArray<AssignedAddress> addresses) => addresses.Select(address => address.Address.ToString());

    [Fact]
    public void The_first_address_of_a_host_claims_a_block()
    {
        world.Pool("a", "10.65.0.0/16", 26);
        Assignment assignment = world.Assign(IpamWorld.Request("h1", 1, handle: "net.c1"));
        AssignedAddress address = Assert.Single(assignment.Ipv4);
        IpamBlock block = world.Block(address.Block.ToString())!;
        Assert.Equal((BlockOwner.Host("h1"), "2026-05-04T09:30:00Z"), (block.Affinity!.Value, block.AffinityClaimTime));
        Assert.Equal(1777887000000000001ul, block.SequenceNumber);
        Assert.Equal([new AllocationSequence(0, 1777887000000000000)], block.SequenceNumbers);
        Assert.Equal("""{"state":"confirmed","deleted":false}""", world.Affinity("h1", block.Cidr.ToString()));
        Assert.Equal([new HandleCount(block.Cidr, 1)], world.Handle("net.c1")!.Blocks);
        world.Check();
    }

    [Fact]
    public void With_room_in_an_own_block_an_assignment_is_three_round_trips_and_two_when_the_block_is_known()
    {
        world.Pool("a", "10.65.0.0/16", 26);
        world.Pool("b", "fd00::/48", 122);
        Assignment first = world.Assign(IpamWorld.Request("h1", 1, 1, "h"));
        int before = world.RoundTrips;
        Assert.Single(world.Assign(IpamWorld.Request("h1", 1, 1, "h2")).Ipv6);
        Assert.Equal(3, world.RoundTrips - before);
        before = world.RoundTrips;
        Assert.Single(world.Assign(IpamWorld.Request("h1", 1, 1, "h3"), first.Ipv4[0].Block, first.Ipv6[0].Block).Ipv4);
        Assert.Equal(2, world.RoundTrips - before);
    }

    [Fact]
    public void A_released_address_is_the_last_to_be_assigned_again()
    {
        world.Pool("a", "10.65.0.0/30", 30);
        for (int i = 0; i < 3; i++) world.Assign(IpamWorld.Request("h1", 1, handle: $"c{i}"));
        world.Release("c0");
        Assert.Equal(["10.65.0.3"], Texts(world.Assign(IpamWorld.Request("h1", 1, handle: "d")).Ipv4));
        Assert.Equal(["10.65.0.0"], Texts(world.Assign(IpamWorld.Request("h1", 1, handle: "e")).Ipv4));
        world.Check();
    }

    [Fact]
    public void Hosts_with_one_pool_take_different_blocks_and_borrow_only_when_none_is_left()
    {
        world.Pool("a", "10.65.0.0/29", 30);
        Cidr one = world.Assign(IpamWorld.Request("h1", 1, handle: "a")).Ipv4[0].Block;
        Cidr two = world.Assign(IpamWorld.Request("h2", 1, handle: "b")).Ipv4[0].Block;
        Assert.NotEqual(one, two);
        Assignment more = world.Assign(IpamWorld.Request("h1", 5, handle: "c"));
        Assert.Equal(3, more.Ipv4.Count(address => address.Block == one));
        Assert.Equal(2, more.Ipv4.Count(address => address.Block == two));
        Assert.Equal(BlockOwner.Host("h2"), world.Block(two.ToString())!.Affinity);
        world.Check();
    }

    [Fact]
    public void Strict_affinity_forbids_borrowing()
    {
        world.Pool("a", "10.65.0.0/29", 30);
        world.Config("""{"strict_affinity":true,"auto_allocate_blocks":true}""");
        world.Assign(IpamWorld.Request("h2", 1));
        Assignment assignment = world.Assign(IpamWorld.Request("h1", 5));
        Assert.Equal((4, ShortageKind.StrictAffinity), (assignment.Ipv4.Count, assignment.Ipv4Shortage!.Kind));
    }

    [Fact]
    public void Without_automatic_blocks_only_claimed_ones_serve()
    {
        world.Pool("a", "10.65.0.0/24", 30);
        world.Config("""{"strict_affinity":true}""");
        Assert.Equal(ShortageKind.Configuration, world.Assign(IpamWorld.Request("h1", 1)).Ipv4Shortage!.Kind);
        Assert.Equal(AffinityResult.Done, world.Claim("h1", "10.65.0.8/30"));
        Assert.Equal(["10.65.0.8"], Texts(world.Assign(IpamWorld.Request("h1", 1)).Ipv4));
    }

    [Theory]
    [InlineData(0, """{"auto_allocate_blocks":true}""", 20)]
    [InlineData(0, """{"auto_allocate_blocks":true,"strict_affinity":true,"maxBlocksPerHost":3}""", 3)]
    [InlineData(5, """{"auto_allocate_blocks":true,"strict_affinity":true,"maxBlocksPerHost":3}""", 3)]
    [InlineData(2, """{"auto_allocate_blocks":true,"strict_affinity":true,"maxBlocksPerHost":3}""", 2)]
    [InlineData(7, """{"auto_allocate_blocks":true}""", 7)]
    public void The_number_of_blocks_is_limited(int asked, string config, int most)
    {
        world.Pool("a", "10.65.0.0/16", 30);
        world.Config(config);
        Assignment assignment = world.Assign(IpamWorld.Request("h1", 1000) with { MaxBlocks = asked });
        Assert.Equal((most * 4, ShortageKind.BlockLimit), (assignment.Ipv4.Count, assignment.Ipv4Shortage!.Kind));
        world.Check();
    }

    [Fact]
    public void Reserved_addresses_are_passed_over_and_keep_their_place()
    {
        world.Pool("a", "10.65.0.0/29", 30);
        world.Put($"{ResourceKey.Root}ipreservations/r", """{"kind":"IPReservation","metadata":{"name":"r"},"spec":{"reservedCIDRs":["10.65.0.0/30","10.65.0.5"]}}""");
        Assignment assignment = world.Assign(IpamWorld.Request("h1", 9));
        Assert.Equal(["10.65.0.4", "10.65.0.6", "10.65.0.7"], Texts(assignment.Ipv4));
        Assert.Equal(ShortageKind.PoolsFull, assignment.Ipv4Shortage!.Kind);
        Assert.Equal(SpecificResult.Assigned, world.Assign("h1", "10.65.0.5").Result);
        world.Check();
    }

    [Theory]
    [InlineData(""","disabled":true""", "a is disabled")]
    [InlineData(""","nodeSelector":"zone == 'x'" """, "a has nodeSelector zone == 'x'")]
    [InlineData(""","nodeSelector":"zone =" """, "a has a nodeSelector that cannot be read")]
    [InlineData(""","namespaceSelector":"zone == 'x'" """, "a selects namespaces, and the request has none")]
    [InlineData(""","allowedUses":["Tunnel"]""", "a is for Tunnel")]
    [InlineData(""","assignmentMode":"Manual" """, "a serves only requests that name it")]
    public void A_pool_that_does_not_serve_is_named_with_the_reason(string more, string reason)
    {
        world.Pool("a", "10.65.0.0/24", 26, more);
        Assignment assignment = world.Assign(IpamWorld.Request("h1", 1));
        Assert.Equal(ShortageKind.NoPool, assignment.Ipv4Shortage!.Kind);
        Assert.Contains(reason, assignment.Ipv4Shortage.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(world.Keys, key => key.StartsWith(IpamKey.Root, StringComparison.Ordinal));
    }

    [Fact]
    public void A_requested_pool_serves_whatever_it_selects()
    {
        world.Pool("a", "10.65.0.0/24", 26, ""","nodeSelector":"zone == 'x'","assignmentMode":"Manual" """);
        Assert.Single(world.Assign(IpamWorld.Request("h1", 1) with { Pools = [Cidr.Parse("10.65.0.0/24")] }).Ipv4);
        Assert.Contains("there is no pool 10.99.0.0/24",
            world.Assign(IpamWorld.Request("h1", 1) with { Pools = [Cidr.Parse("10.65.0.0/24"), Cidr.Parse("10.99.0.0/24")] }).Ipv4Shortage!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pending")]
    [InlineData("pendingDeletion")]
    [InlineData("")]
    public void A_claim_that_was_left_unfinished_is_taken_up(string state)
    {
        world.Pool("a", "10.65.0.0/28", 30);
        string key = IpamKey.Affinity(BlockOwner.Host("h1"), Cidr.Parse("10.65.0.4/30")).ToEtcdKey();
        world.Put(key, state.Length == 0 ? "" : $$"""{"state":"{{state}}"}""");
        Assert.Equal(["10.65.0.4"], Texts(world.Assign(IpamWorld.Request("h1", 1)).Ipv4));
        Assert.Contains("confirmed", world.Text(key), StringComparison.Ordinal);
        world.Check();

        world.Put(key, """{"state":"pendingDeletion"}""");
        Assert.Equal(["10.65.0.5"], Texts(world.Assign(IpamWorld.Request("h1", 1)).Ipv4));
        world.Check();
    }

    [Fact]
    public void A_claim_to_a_block_that_another_got_is_deleted()
    {
        world.Pool("a", "10.65.0.0/28", 30);
        world.Claim("h2", "10.65.0.4/30");
        world.Put(IpamKey.Affinity(BlockOwner.Host("h1"), Cidr.Parse("10.65.0.4/30")).ToEtcdKey(), """{"state":"pending"}""");
        Assert.NotEqual(Cidr.Parse("10.65.0.4/30"), world.Assign(IpamWorld.Request("h1", 1)).Ipv4[0].Block);
        Assert.Null(world.Affinity("h1", "10.65.0.4/30"));
        world.Check();
    }

    [Fact]
    public void An_empty_block_of_another_host_is_taken_over_after_a_minute_when_none_is_left()
    {
        world.Pool("a", "10.65.0.0/30", 30);
        world.Config("""{"strict_affinity":true,"auto_allocate_blocks":true}""");
        world.Claim("h2", "10.65.0.0/30");
        world.Clock += TimeSpan.FromSeconds(59);
        Assert.Equal(ShortageKind.StrictAffinity, world.Assign(IpamWorld.Request("h1", 1)).Ipv4Shortage!.Kind);
        world.Clock += TimeSpan.FromSeconds(1);
        Assert.Single(world.Assign(IpamWorld.Request("h1", 1)).Ipv4);
        Assert.Null(world.Affinity("h2", "10.65.0.0/30"));
        world.Check();
    }

    [Fact]
    public void Empty_blocks_of_pools_that_no_longer_select_the_node_go_back_when_a_block_is_claimed()
    {
        world.Pool("a", "10.65.0.0/30", 30);
        world.Assign(IpamWorld.Request("h1", 1, handle: "c"));
        world.Release("c");
        world.Pool("a", "10.65.0.0/30", 30, ""","nodeSelector":"zone == 'x'" """);
        world.Pool("b", "10.66.0.0/30", 30);
        Assert.Equal(["10.66.0.0"], Texts(world.Assign(IpamWorld.Request("h1", 1)).Ipv4));
        Assert.Null(world.Block("10.65.0.0/30"));
        Assert.Null(world.Affinity("h1", "10.65.0.0/30"));
        world.Check();
    }

    [Fact]
    public void Values_that_cannot_be_read_are_left_alone()
    {
        world.Pool("a", "10.65.0.0/29", 30);
        world.Put(IpamKey.Block(Cidr.Parse("10.65.0.0/30")).ToEtcdKey(), "{");
        Assert.Equal((4, ShortageKind.PoolsFull), (world.Assign(IpamWorld.Request("h1", 9)) is { } a ? a.Ipv4.Count : 0, world.Assign(IpamWorld.Request("h1", 9)).Ipv4Shortage!.Kind));
        Assert.Equal("{", world.Text(IpamKey.Block(Cidr.Parse("10.65.0.0/30")).ToEtcdKey()));
        world.Config("{");
        Assert.Contains("/calico/ipam/v2/config", world.Assign(IpamWorld.Request("h1", 1)).Ipv4Shortage!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Sequence_numbers_of_old_and_of_large_blocks_are_carried_on_exactly()
    {
        world.Pool("a", "10.65.0.0/29", 30);
        world.Put(IpamKey.Block(Cidr.Parse("10.65.0.0/30")).ToEtcdKey(),
            """{"cidr":"10.65.0.0/30","affinity":"host:h1","strictAffinity":false,"allocations":[0,null,null,null],"unallocated":[1,2,3],"attributes":[{"handle_id":"old","secondary":null}]}""");
        world.Put(IpamKey.Affinity(BlockOwner.Host("h1"), Cidr.Parse("10.65.0.0/30")).ToEtcdKey(), "");
        world.Put(IpamKey.Handle("old").ToEtcdKey(), """{"block":{"10.65.0.0/30":1}}""");
        world.Assign(IpamWorld.Request("h1", 1));
        IpamBlock block = world.Block("10.65.0.0/30")!;
        Assert.Equal((1ul, "strictAffinity"), (block.SequenceNumber, block.Others[0].Name));
        world.Put(block with { SequenceNumber = 1ul << 60 });
        Assert.Equal(1ul << 60, world.Assign(IpamWorld.Request("h1", 1)).Ipv4[0].Sequence);
        Assert.Contains($"\"sequenceNumber\":{(1ul << 60) + 1}", world.Text(IpamKey.Block(block.Cidr).ToEtcdKey()), StringComparison.Ordinal);
        Assert.Equal(["10.65.0.0"], world.Release("old").Released.Select(address => address.ToString()));
    }

    [Fact]
    public void The_owner_of_a_lost_answer_recognizes_its_assignment()
    {
        world.Pool("a", "10.65.0.0/30", 30);
        AddressRequest request = IpamWorld.Request("h1", 1, handle: "c");
        Assignment assignment = world.Assign(request);
        Assert.True(AddressAssignment.Holds(assignment, request, Picture()));
        Assert.False(AddressAssignment.Holds(assignment, request with { HandleId = "d" }, Picture()));
        world.Release("c");
        Assert.False(AddressAssignment.Holds(assignment, request, Picture()));
        world.Assign(request);
        world.Assign(request);
        world.Assign(request);
        world.Assign(request);
        Assert.False(AddressAssignment.Holds(assignment, request, Picture()));
    }

    private IpamPicture Picture()
    {
        IpamPicture picture = new();
        foreach (string key in world.Keys) picture.Add(System.Text.Encoding.UTF8.GetBytes(key), System.Text.Encoding.UTF8.GetBytes(world.Text(key)!), 1);
        return picture;
    }
}
