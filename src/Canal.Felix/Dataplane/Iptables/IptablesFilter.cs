using Canal.Core.Addressing;
using Canal.Core.Calculation;
using Canal.Felix.Configuration;
using Canal.Felix.Dataplane.Nftables;
using Canal.Hosting;
using Canal.Linux.Iptables;

namespace Canal.Felix.Dataplane.Iptables;

/// <summary>Policy in iptables, ip6tables and ipset.</summary>
/// <param name="kernel">The programs.</param>
/// <param name="flavour">Which iptables that is.</param>
/// <param name="families">Those that the kernel has.</param>
/// <param name="time">For the dataplane.</param>
internal sealed class IptablesFilter(IIptables kernel, IptablesFlavour flavour, IReadOnlyList<IpFamily> families, TimeProvider time) : IPacketFilter
{
    public DataplaneKind Kind => DataplaneKind.Iptables;

    public IptablesFlavour Flavour => flavour;

    public string Name => $"iptables ({flavour.ToString().ToLowerInvariant()}) and ipset";

    /// <summary>The host's, as the configuration wants them.</summary>
    /// <exception cref="StartException">They are not there.</exception>
    public static IptablesFilter Open(IptablesBackend backend, TimeProvider time)
    {
        try
        {
            HostIptables.RequireIpset();
            IptablesFlavour flavour = backend switch { IptablesBackend.Legacy => IptablesFlavour.Legacy, IptablesBackend.Nft => IptablesFlavour.Nft, _ => HostIptables.Detect() };
            return Of(HostIptables.Open(flavour), time);
        }
        catch (IptablesException e) when (e.IsMissing)
        {
            throw new StartException($"dataplane = \"iptables\" needs the programs of the packages iptables and ipset: {e.Message}", e);
        }
    }

    /// <summary>Those of a flavour that is there.</summary>
    public static IptablesFilter Of(HostIptables programs, TimeProvider time) => new(programs, programs.Flavour, HostIptables.Families, time);

    public bool IsInForce() => families.Any(family => IptablesImage.Read(kernel.Save(family)).IsOurs);

    public IDataplane NewDataplane(PolicyCalculator calculator) => new IptablesDataplane(kernel, calculator, families, time);

    public string? Load(ReadOnlyMemory<byte> kept)
    {
        if (KeptScripts.Parse(kept) is not { } scripts) return "it was kept by the dataplane of nftables, or is damaged";
        kernel.RestoreSets(scripts.Sets);
        foreach (IpFamily family in families) kernel.Restore(family, family == IpFamily.V4 ? scripts.V4 : scripts.V6);
        return null;
    }

    public void Remove()
    {
        RemoveRules();
        RemoveSets();
    }

    /// <summary>Of this flavour; the sets may be another's.</summary>
    public void RemoveRules()
    {
        foreach (IpFamily family in families)
        {
            IptablesPlan plan = new(new IptablesPicture(new DesiredTable(), family), IptablesImage.Read(kernel.Save(family)), insert: true);
            plan.Write();
            if (!plan.IsEmpty) kernel.Restore(family, plan.Script);
        }
    }

    /// <summary>A set that others' rules look up stays. What was looked up by ours a moment ago may be let go of a moment later.</summary>
    private void RemoveSets()
    {
        HashSet<string> sets = [.. HeldSet.ReadAll(kernel.SaveSets()).Keys];
        SetRetirement retirement = new(kernel);
        for (int turn = 0; turn < RetirementTurns && retirement.Run(sets).Count > 0; turn++) Thread.Sleep(RetirementPause);
    }

    private const int RetirementTurns = 10;
    private static readonly TimeSpan RetirementPause = TimeSpan.FromMilliseconds(100);
}
