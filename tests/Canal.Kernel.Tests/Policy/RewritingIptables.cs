using Canal.Core.Addressing;
using Canal.Linux.Iptables;

namespace Canal.Kernel.Tests.Policy;

/// <summary>The host's programs, which are given other scripts than was meant: a kernel that refuses what this one takes.</summary>
internal sealed class RewritingIptables(IIptables programs, Func<string, string> rewrites) : IIptables
{
    public string Save(IpFamily family, bool counters = false) => programs.Save(family, counters);

    public void Restore(IpFamily family, string script) => programs.Restore(family, rewrites(script));

    public string SaveSets() => programs.SaveSets();

    public int Glance(IReadOnlyList<IpFamily> families, string prefix) => programs.Glance(families, prefix);

    public void RestoreSets(string script) => programs.RestoreSets(rewrites(script));
}
