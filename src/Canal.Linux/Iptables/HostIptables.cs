using Canal.Core.Addressing;

namespace Canal.Linux.Iptables;

/// <summary>The host's own programs, of one flavour.</summary>
public sealed class HostIptables : IIptables
{
    /// <summary>Seconds to wait for another iptables of the legacy flavour to give its lock back; the other flavour has none.</summary>
    private const string Patience = "10";

    private readonly string infix;

    private HostIptables(IptablesFlavour flavour, string infix) => (Flavour, this.infix) = (flavour, infix);

    public IptablesFlavour Flavour { get; }

    /// <summary>The families that the kernel has: without IPv6 ip6tables has nothing to do, and need not be there.</summary>
    public static IpFamily[] Families => Directory.Exists("/proc/sys/net/ipv6") ? [IpFamily.V4, IpFamily.V6] : [IpFamily.V4];

    /// <summary>The programs of a flavour: those that are named after it, or the plain ones where they are of it.</summary>
    /// <exception cref="IptablesException">There are none.</exception>
    public static HostIptables Open(IptablesFlavour flavour)
    {
        string named = flavour == IptablesFlavour.Legacy ? "-legacy" : "-nft";
        if (VersionOf($"iptables{named}") is not null) return new HostIptables(flavour, named);
        if (VersionOf("iptables") is string version && FlavourOf(version) == flavour) return new HostIptables(flavour, "");
        throw new IptablesException($"iptables{named} is not there, and iptables is not of that flavour", isMissing: true);
    }

    /// <summary>
    /// The flavour that other software of this host uses: the one with more rules; where neither has more, the one that the name iptables stands for.
    /// </summary>
    /// <exception cref="IptablesException">There is no iptables.</exception>
    public static IptablesFlavour Detect()
    {
        string version = VersionOf("iptables") ?? throw new IptablesException("iptables is not there", isMissing: true);
        // Asking the legacy programs would make the kernel set their tables up, which then cost every packet.
        if (!HasLegacyTables()) return FlavourOf(version);
        int legacy = RulesOf(IptablesFlavour.Legacy), nft = RulesOf(IptablesFlavour.Nft);
        return legacy == nft ? FlavourOf(version) : legacy > nft ? IptablesFlavour.Legacy : IptablesFlavour.Nft;
    }

    /// <summary>Throws where there is no ipset.</summary>
    /// <exception cref="IptablesException">There is none.</exception>
    public static void RequireIpset() => _ = VersionOf("ipset") ?? throw new IptablesException("ipset is not there", isMissing: true);

    /// <summary>The flavours that have rules or tables in this namespace and whose programs are there.</summary>
    public static IReadOnlyList<HostIptables> InUse()
    {
        List<HostIptables> found = [];
        foreach (IptablesFlavour flavour in (ReadOnlySpan<IptablesFlavour>)[IptablesFlavour.Legacy, IptablesFlavour.Nft])
            if ((flavour == IptablesFlavour.Nft || HasLegacyTables()) && TryOpen(flavour) is { } programs) found.Add(programs);
        return found;
    }

    public string Save(IpFamily family, bool counters = false) => ProgramRun.Run(Program(family, "save"), counters ? ["-c"] : []);

    public void Restore(IpFamily family, string script) => ProgramRun.Run(Program(family, "restore"), Flavour == IptablesFlavour.Legacy ? ["--noflush", "-w", Patience] : ["--noflush"], script);

    public string SaveSets() => ProgramRun.Run("ipset", ["save"]);

    public int Glance(IReadOnlyList<IpFamily> families, string prefix)
    {
        HashCode hash = default;
        foreach (IpFamily family in Flavour == IptablesFlavour.Legacy ? families : []) LegacyGlance.Add(family, ref hash);
        IpsetGlance.Add(prefix, ref hash);
        return hash.ToHashCode();
    }

    public void RestoreSets(string script) => ProgramRun.Run("ipset", ["-exist", "restore"], script);

    private static HostIptables? TryOpen(IptablesFlavour flavour)
    {
        try
        {
            return Open(flavour);
        }
        catch (IptablesException e) when (e.IsMissing)
        {
            return null;
        }
    }

    private string Program(IpFamily family, string what) => $"{(family == IpFamily.V4 ? "iptables" : "ip6tables")}{infix}-{what}";

    private static IptablesFlavour FlavourOf(string version) => version.Contains("nf_tables", StringComparison.Ordinal) ? IptablesFlavour.Nft : IptablesFlavour.Legacy;

    private static int RulesOf(IptablesFlavour flavour) => TryOpen(flavour) is { } programs ? programs.Save(IpFamily.V4).Split('\n').Count(line => line.StartsWith("-A ", StringComparison.Ordinal)) : 0;

    private static string? VersionOf(string program)
    {
        try
        {
            return ProgramRun.Run(program, ["--version"]);
        }
        catch (IptablesException e) when (e.IsMissing)
        {
            return null;
        }
    }

    /// <summary>
    /// The kernel names the tables of a namespace that were ever asked for, to root alone. Who is not root cannot use that flavour either, whose lock is root's:
    /// for them there is none.
    /// </summary>
    private static bool HasLegacyTables() => LegacyTables() is { Length: > 0 };

    /// <summary>Whether this process would see rules of the legacy flavour: it is root, or the kernel has none.</summary>
    public static bool SeesLegacy() => LegacyTables() is not null;

    /// <summary>Names of tables; null when the kernel does not tell.</summary>
    private static string? LegacyTables()
    {
        try
        {
            return string.Concat(((string[])["/proc/thread-self/net/ip_tables_names", "/proc/thread-self/net/ip6_tables_names"]).Where(File.Exists).Select(File.ReadAllText));
        }
        catch (UnauthorizedAccessException)
        {
            return null;
        }
    }
}
