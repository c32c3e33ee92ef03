using Canal.Core.Addressing;

namespace Canal.Linux.Iptables;

/// <summary>
/// iptables, ip6tables and ipset of one network namespace, in the words of their save and restore programs: the host's, or a fake that behaves as those do.
/// Synchronous; one user at a time.
/// </summary>
public interface IIptables
{
    /// <summary>All tables in use, with all chains and rules.</summary>
    /// <exception cref="IptablesException">The program failed.</exception>
    string Save(IpFamily family, bool counters = false);

    /// <summary>Carries out a script of <c>iptables-restore --noflush</c>: each table is changed whole or not at all.</summary>
    /// <exception cref="IptablesException">Refused; tables before the one that was refused have changed.</exception>
    void Restore(IpFamily family, string script);

    /// <summary>All sets with their members.</summary>
    /// <exception cref="IptablesException">The program failed.</exception>
    string SaveSets();

    /// <summary>
    /// A number that is another one when somebody has added, deleted or flushed rules or sets, or members of sets, at the price of some system calls. As long as the
    /// number and the sizes of a table's rules are the same, and the number of a set's members, it says nothing. Rules of iptables-nft do not count: of those the kernel tells.
    /// </summary>
    /// <param name="families">Whose rules.</param>
    /// <param name="prefix">How the names of the sets begin.</param>
    /// <exception cref="IptablesException">The kernel does not tell.</exception>
    int Glance(IReadOnlyList<IpFamily> families, string prefix);

    /// <summary>Carries out a script of <c>ipset -exist restore</c>, line by line.</summary>
    /// <exception cref="IptablesException">Refused; what stands before the refused line has been done.</exception>
    void RestoreSets(string script);
}
