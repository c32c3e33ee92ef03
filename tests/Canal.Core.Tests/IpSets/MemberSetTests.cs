using Canal.Core.Addressing;
using Canal.Core.IpSets;
using Canal.Testing;
using CsCheck;

namespace Canal.Core.Tests.IpSets;

public sealed class MemberSetTests
{
    private static readonly Gen<Cidr> Member = Gen.OneOf(
        Gen.Int[0, 3].Select(i => Cidr.Parse($"10.0.0.{i}")),
        Gen.Int[0, 3].Select(i => Cidr.Parse($"fd00::{i}")),
        Gen.Select(Gen.Int[0, 3], Gen.Int[24, 31]).Select((i, length) => Cidr.Parse($"10.0.0.{i * 64}/{length}")),
        Gen.Select(Gen.Int[0, 1], Gen.Int[0, 127]).Select((i, length) => Cidr.Parse($"fd00::{i}/{length}")));

    [Fact]
    public void A_member_counts_once_however_often_it_is_added()
    {
        MemberSet set = new();
        set.Add(Cidr.Parse("10.0.0.1"));
        set.Add(Cidr.Parse("10.0.0.1"));
        Assert.Equal("10.0.0.1", Assert.Single(set.TakeChanges().AddedAddresses).ToString());
        set.Remove(Cidr.Parse("10.0.0.1"));
        Assert.True(set.TakeChanges().IsEmpty);
        set.Remove(Cidr.Parse("10.0.0.1"));
        Assert.Equal("10.0.0.1", Assert.Single(set.TakeChanges().RemovedAddresses).ToString());
    }

    [Fact]
    public void Removing_what_was_never_added_is_a_defect_of_the_caller() =>
        Assert.Throws<InvalidOperationException>(() => new MemberSet().Remove(Cidr.Parse("10.0.0.1")));

    [Fact]
    public void Changes_accumulate_to_the_members_with_covered_prefixes_left_out() =>
        Gen.Select(Gen.Bool, Gen.Int[0, 30], Member, Gen.Int[0, 3]).List[1, 60].Sample(steps =>
        {
            MemberSet set = new();
            List<Cidr> contributions = [];
            SetMembers told = new();
            foreach ((bool remove, int which, Cidr member, int take) in steps)
            {
                if (remove && contributions.Count > 0)
                {
                    set.Remove(contributions[which % contributions.Count]);
                    contributions.RemoveAt(which % contributions.Count);
                }
                else
                {
                    set.Add(member);
                    contributions.Add(member);
                }
                if (take == 0) Check(set, contributions, told);
            }
            Check(set, contributions, told);
        }, iter: 2000);

    private static void Check(MemberSet set, List<Cidr> contributions, SetMembers told)
    {
        IpSetDelta delta = set.TakeChanges();
        foreach (IpAddress address in delta.RemovedAddresses) Assert.True(told.Addresses.Remove(address));
        foreach (Cidr prefix in delta.RemovedPrefixes) Assert.True(told.Prefixes.Remove(prefix));
        foreach (IpAddress address in delta.AddedAddresses) Assert.True(told.Addresses.Add(address));
        foreach (Cidr prefix in delta.AddedPrefixes) Assert.True(told.Prefixes.Add(prefix));
        Assert.Equal(contributions.Where(c => c.IsSingleAddress).Select(c => c.Address).Distinct().Order(), told.Addresses.Order());
        Assert.Equal(contributions.Where(c => !c.IsSingleAddress && !contributions.Exists(o => o != c && o.Contains(c))).Distinct().Order(), told.Prefixes.Order());
        Assert.Equal(told.ToString(), SetMembers.Of(set.Everything()).ToString());
        foreach (IpFamily family in (IpFamily[])[IpFamily.V4, IpFamily.V6])
            Assert.Equal(contributions.Exists(c => !c.IsSingleAddress && c.Family == family), set.HasPrefixes(family));
    }
}
