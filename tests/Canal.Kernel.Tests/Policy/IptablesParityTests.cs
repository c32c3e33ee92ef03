using Canal.Core.Addressing;
using Canal.Core.Calculation;
using Canal.Core.Resources;
using Canal.Felix.Configuration;
using Canal.Felix.Dataplane.Iptables;
using Canal.Linux.Iptables;
using Canal.Testing;

namespace Canal.Kernel.Tests.Policy;

/// <summary>After each step of a random cluster iptables in memory holds what the host's programs hold.</summary>
public sealed class IptablesParityTests
{
    private const int Steps = 6;

    public static TheoryData<PacketFilter, int> Seeds => new() { { PacketFilter.IptablesLegacy, 101 }, { PacketFilter.IptablesNft, 102 } };

    [Theory]
    [MemberData(nameof(Seeds))]
    public void The_fake_holds_what_the_programs_hold(PacketFilter filter, int seed) => PolicyHost.Run(RandomCluster.Interfaces, host =>
    {
        RandomCluster cluster = new(new Random(seed));
        FelixParameters parameters = cluster.AnyParameters();
        FakeIptables fake = new();
        PolicyCalculator calculator = new(ResourceBuilder.ThisNode);
        IptablesDataplane over = new(fake, calculator, [IpFamily.V4, IpFamily.V6], TimeProvider.System);
        for (int step = 0; step < Steps; step++)
        {
            List<(ResourceKey Key, Resource? Value)> changes = step == 0 ? cluster.Begin(name => host.Ports[name].OutsideMac) : cluster.Step(name => host.Ports[name].OutsideMac);
            host.Apply(changes, parameters);
            foreach ((ResourceKey key, Resource? value) in changes) calculator.Apply(key, value);
            over.Govern(host.Hosts);
            over.Plan(calculator.TakeChanges(), parameters);
            over.Apply();
            Assert.Equal(Held(host.Programs), Held(fake));
        }
    }, filter);

    private static string Held(IIptables iptables) => string.Join('\n', new[] { IpFamily.V4, IpFamily.V6 }.SelectMany(family => Chains(family, iptables)).Concat(Sets(iptables)).Order(StringComparer.Ordinal));

    private static IEnumerable<string> Chains(IpFamily family, IIptables iptables) =>
        from table in IptablesImage.Read(iptables.Save(family)).Tables from chain in table.Value select $"{family} {table.Key} {chain.Key} {chain.Value}";

    /// <summary>Sets that are still to go are passed over: the kernel lets go of them in its own time.</summary>
    private static IEnumerable<string> Sets(IIptables iptables) =>
        from set in HeldSet.ReadAll(iptables.SaveSets())
        where Used(iptables).Contains(set.Key)
        select $"{set.Key} {set.Value.Type} {string.Join(',', set.Value.Prefixes.Order())} {string.Join(',', set.Value.Ports.Select(p => p.ToString()).Order(StringComparer.Ordinal))} {string.Join(',', set.Value.Numbers.Order())}";

    private static HashSet<string> Used(IIptables iptables) =>
        [.. new[] { IpFamily.V4, IpFamily.V6 }.SelectMany(family => iptables.Save(family).Split(' ', '\n')).Where(word => word.StartsWith("canal-", StringComparison.Ordinal))];
}
