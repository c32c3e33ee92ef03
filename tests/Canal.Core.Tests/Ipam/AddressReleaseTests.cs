using Canal.Core.Addressing;
using Canal.Core.Ipam;
using Canal.Core.Resources;
using CsCheck;

namespace Canal.Core.Tests.Ipam;

public sealed class AddressReleaseTests
{
    private readonly IpamWorld world = new();

    [Fact]
    public void A_release_by_handle_takes_three_round_trips_and_leaves_nothing()
    {
        world.Pool("a", "10.65.0.0/16", 26);
        world.Pool("b", "fd00::/48", 122);
        world.Assign(IpamWorld.Request("h1", 2, 1, "c"));
        int before = world.RoundTrips;
        Assert.Equal(3, world.Release("c").Released.Count);
        Assert.Equal(3, world.RoundTrips - before);
        Assert.Null(world.Handle("c"));
        Assert.Empty(world.Release("c").Released);
        world.Check();
    }

    [Fact]
    public void Only_the_assignment_that_is_meant_is_released()
    {
        world.Pool("a", "10.65.0.0/30", 30);
        AssignedAddress old = world.Assign(IpamWorld.Request("h1", 1, handle: "c")).Ipv4[0];
        Assert.Equal([old.Address], world.Release(new ReleaseTarget(old.Address, "other")).Refused);
        Assert.Equal([old.Address], world.Release(new ReleaseTarget(old.Address, "c", old.Sequence + 1)).Refused);
        Assert.Equal([old.Address], world.Release(new ReleaseTarget(old.Address, "c", old.Sequence)).Released);
        Assert.Equal([old.Address], world.Release(new ReleaseTarget(old.Address)).Unallocated);
        Assert.Null(world.Handle("c"));
        world.Check();
    }

    [Fact]
    public void An_address_is_found_though_its_pool_is_gone()
    {
        world.Pool("a", "10.65.0.0/24", 27);
        AssignedAddress one = world.Assign(IpamWorld.Request("h1", 1, handle: "c")).Ipv4[0];
        world.Remove($"{ResourceKey.Root}ippools/a");
        Assert.Equal([one.Address, IpAddress.Parse("1.1.1.1")],
            world.Release(new ReleaseTarget(one.Address), new ReleaseTarget(IpAddress.Parse("1.1.1.1"))) is { } release ? release.Released.Concat(release.Unallocated) : []);
    }

    [Fact]
    public void Nobodys_block_goes_with_its_last_address()
    {
        world.Pool("a", "10.65.0.0/30", 30);
        world.Assign(IpamWorld.Request("h1", 2, handle: "c"));
        Assert.Equal(AffinityResult.NotEmpty, world.GiveUp("h1", "10.65.0.0/30", mustBeEmpty: true));
        Assert.Equal(AffinityResult.NotOurs, world.GiveUp("h2", "10.65.0.0/30", mustBeEmpty: false));
        Assert.Equal(AffinityResult.Done, world.GiveUp("h1", "10.65.0.0/30", mustBeEmpty: false));
        Assert.Equal((null, null), (world.Block("10.65.0.0/30")!.Affinity, world.Affinity("h1", "10.65.0.0/30")));
        world.Release("c");
        Assert.Null(world.Block("10.65.0.0/30"));
        world.Check();
    }

    [Fact]
    public void An_owners_empty_block_stays_the_owners_until_given_up()
    {
        world.Pool("a", "10.65.0.0/30", 30);
        world.Assign(IpamWorld.Request("h1", 1, handle: "c"));
        world.Release("c");
        Assert.Equal(BlockOwner.Host("h1"), world.Block("10.65.0.0/30")!.Affinity);
        Assert.Equal(AffinityResult.Done, world.GiveUp("h1", "10.65.0.0/30", mustBeEmpty: true));
        Assert.Null(world.Block("10.65.0.0/30"));
    }

    [Fact]
    public void A_handle_with_hundreds_of_blocks_is_released_in_several_transactions()
    {
        world.Pool("a", "10.65.0.0/24", 32);
        Assert.Equal(256, world.Assign(IpamWorld.Request("h1", 256, handle: "c") with { MaxBlocks = 256 }).Ipv4.Count);
        world.Check();
        Assert.Equal(256, world.Release("c").Released.Count);
        world.Check();
    }

    [Fact]
    public void Whatever_happens_blocks_handles_and_claims_agree()
    {
        Gen.Int[0, 99].Array[1, 60].Sample(steps =>
        {
            IpamWorld random = new();
            random.Pool("a", "10.65.0.0/27", 30);
            random.Pool("b", "fd00::/121", 124);
            HashSet<IpAddress> assigned = [];
            Dictionary<string, List<IpAddress>> handles = [];
            foreach (int step in steps)
            {
                random.Clock += TimeSpan.FromSeconds(step);
                string node = $"h{step % 3}", handle = $"c{step % 7}";
                if (step % 4 == 0)
                {
                    Assert.Equal(handles.GetValueOrDefault(handle, []).Order(), random.Release(handle).Released.Order());
                    assigned.ExceptWith(handles.GetValueOrDefault(handle, []));
                    handles.Remove(handle);
                }
                else if (step % 13 == 0) random.GiveUp(node, $"10.65.0.{step % 8 * 4}/30", step % 2 == 0);
                else
                {
                    Assignment assignment = random.Assign(IpamWorld.Request(node, step % 6, step % 3, handle));
                    foreach (AssignedAddress address in assignment.Ipv4.Concat(assignment.Ipv6))
                    {
                        Assert.True(assigned.Add(address.Address), $"{address.Address} is assigned twice");
                        if (!handles.TryGetValue(handle, out List<IpAddress>? held)) handles[handle] = held = [];
                        held.Add(address.Address);
                    }
                    Assert.True(assignment.Ipv4.Count == step % 6 || assigned.Count(address => address.Family == IpFamily.V4) == 32);
                }
                random.Check();
            }
        }, iter: 30);
    }
}
