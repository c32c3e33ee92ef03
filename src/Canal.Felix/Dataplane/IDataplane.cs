using Canal.Core.Calculation;
using Canal.Core.Overlay;
using Canal.Core.Policy;
using Canal.Felix.Configuration;

namespace Canal.Felix.Dataplane;

/// <summary>
/// What the calculator wants, made so in the kernel: nftables or iptables. Whatever it throws, the next <see cref="Apply"/> reads what the kernel holds and goes
/// on from there.
/// </summary>
/// <remarks>Methods that ask the kernel throw NftException or IptablesException.</remarks>
internal interface IDataplane
{
    /// <summary>As operators call it: <c>table inet canal</c>.</summary>
    string Name { get; }

    /// <summary>Calico's name of the metric that counts <see cref="Commits"/>.</summary>
    string CommitsMetric { get; }

    /// <summary>Changes committed since the start.</summary>
    long Commits { get; }

    /// <summary>Messages or lines of the last of them.</summary>
    int LastMessages { get; }

    /// <summary>What cannot be programmed and denies instead, with the reason.</summary>
    IReadOnlyDictionary<string, string> Closed { get; }

    /// <summary>Limits, marks and translation that cannot be programmed and are not in force, with the reason.</summary>
    IReadOnlyDictionary<string, string> LeftOut { get; }

    /// <summary>Chains there should be.</summary>
    int ChainCount { get; }

    /// <summary>When to <see cref="Check"/>; null for never.</summary>
    DateTimeOffset? CheckDue { get; }

    /// <summary>Other host endpoints govern, or other interfaces; it counts from the next plan on.</summary>
    void Govern(HostEndpointResolution resolution);

    /// <summary>
    /// Every rule that counts and says what it is, in the chains whose names begin so: packets, bytes, chain, comment, by chain and place. Asks the kernel.
    /// </summary>
    string Counters(string prefix);

    /// <summary>Remembers what must change. Nothing is sent.</summary>
    void Plan(DesiredChanges changes, FelixParameters parameters, NetworkSets? network = null);

    /// <summary>Somebody else may have changed what the kernel holds: it is not known any more.</summary>
    void Doubt();

    /// <summary>Nobody has changed anything since the last reading but what was sent here after it, as far as the kernel can tell.</summary>
    bool IsAlone();

    /// <summary>What makes it all from nothing, to be kept for the next boot; null while what the kernel holds is not known. Costs as much as it is large.</summary>
    ReadOnlyMemory<byte>? Whole();

    /// <summary>Where the kernel does not tell of others' changes: reads what it holds when it is time, and repairs it. Returns whether anything had to be.</summary>
    bool Check();

    /// <summary>Makes the kernel hold what is desired. Returns whether anything was written.</summary>
    bool Apply();
}
