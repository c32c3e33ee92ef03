using Canal.Felix.Configuration;
using Canal.Felix.Dataplane.Iptables;

namespace Canal.Felix.Tests.Dataplane.Iptables;

/// <summary>Every interface finds its chain within a few rules, however many there are.</summary>
public sealed class DispatchTreeTests
{
    private static readonly IptablesRule Accepted = RuleTranslator.Accepted(new MarkBits(0xffff0000));

    public static TheoryData<int> Counts => [1, 8, 9, 100, 1000];

    [Theory]
    [MemberData(nameof(Counts))]
    public void Each_name_finds_its_own_and_others_find_what_is_for_others(int count)
    {
        Random random = new(count);
        string[] names = [.. Enumerable.Range(0, count).Select(i => i % 5 == 0 ? $"cali{i}" : $"cali{random.NextInt64():x11}"[..(5 + random.Next(10))]).Distinct()];
        Dictionary<string, IptablesChain> chains = new DispatchTree("to/by", "-o", "rest", Accepted).Build(names.Select(n => (n, $" -g {n}"))).ToDictionary(c => c.Name);
        foreach (string name in names) Assert.Equal((name, true), Follow(chains, name));
        foreach (string other in (string[])["cali", "eth0", "calix", names[0] + "x", names[^1][..^1] + "~"])
            if (!names.Contains(other)) Assert.Equal(("rest", true), Follow(chains, other));
    }

    [Fact]
    public void What_is_called_comes_back_and_is_asked_whether_it_accepted()
    {
        List<IptablesChain> chains = new DispatchTree("spoofing/by", "-i", "rest", Accepted).Build([("caliw0", " -j canal-spoofing/caliw0")]);
        Assert.Equal([" -i caliw0 -j canal-spoofing/caliw0", " -m mark --mark 0x100000/0x100000 -j RETURN", " -g rest"], chains[0].Rules.Select(r => r.Matches + r.Target));
    }

    /// <summary>Where a packet goes, and whether it met fewer rules than 64 on its way.</summary>
    private static (string Target, bool Soon) Follow(Dictionary<string, IptablesChain> chains, string name)
    {
        string chain = "canal-to/by";
        int met = 0;
        while (chains.TryGetValue(chain, out IptablesChain? at))
        {
            IptablesRule match = at.Rules.First(r => met++ >= 0 && Matches(r.Matches, name));
            chain = match.Target[" -g ".Length..];
        }
        return (chain, met < 64);
    }

    private static bool Matches(string match, string name)
    {
        string wanted = match.Length == 0 ? "+" : match[" -o ".Length..];
        return wanted.EndsWith('+') ? name.StartsWith(wanted[..^1], StringComparison.Ordinal) : name == wanted;
    }
}
