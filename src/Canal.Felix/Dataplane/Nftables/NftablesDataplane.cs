using System.Globalization;
using System.Text;
using Canal.Core;
using Canal.Core.Calculation;
using Canal.Core.Overlay;
using Canal.Felix.Configuration;
using Canal.Linux;
using Canal.Linux.Netlink;
using Canal.Linux.Nftables;

namespace Canal.Felix.Dataplane.Nftables;

/// <summary>
/// Keeps table <c>inet canal</c> as the calculator wants it. The kernel's state is read at start, which adopts what an earlier run left, and after every
/// failure; in between it is known, and only differences are sent. What the kernel refuses though its state is known for certain is left out, closed, and the
/// rest programmed.
/// </summary>
/// <param name="kernel">The kernel's nf_tables.</param>
/// <param name="calculator">Has the members of sets.</param>
/// <param name="time">Says when to read again.</param>
/// <param name="early">The table as it was read while the datastore was waited for; it counts when nothing has changed since.</param>
internal sealed class NftablesDataplane(INftables kernel, PolicyCalculator calculator, TimeProvider time, Task<NftTable?>? early = null) : IDataplane
{
    private readonly DesiredTable desired = new();
    private readonly NftTransaction preparation = new(KernelNames.Table);
    private readonly NftTransaction transaction = new(KernelNames.Table);
    private TableImage? image;
    private uint generation;
    private NftTableFlags flags;
    private bool cannotOwn, cannotLog, hasLogged;

    // One may be there from a run that ended while it made its table anew.
    private bool mayStandIn = true;
    private DateTimeOffset readAt;
    private FelixParameters inForce = new();
    private int wholeLength = 4096;

    public string Name => "table inet canal";

    public string CommitsMetric => "felix_nft_calls";

    /// <summary>The kernel tells when others change the table; whoever does not trust it may have it read back now and then.</summary>
    public DateTimeOffset? CheckDue => inForce.TableRefresh > TimeSpan.Zero ? readAt + inForce.TableRefresh : null;

    public bool Check()
    {
        Doubt();
        return Apply();
    }

    /// <summary>Transactions committed since the start.</summary>
    public long Commits { get; private set; }

    /// <summary>Messages of the last of them.</summary>
    public int LastMessages { get; private set; }

    /// <summary>What cannot be programmed and denies instead, with the reason.</summary>
    public IReadOnlyDictionary<string, string> Closed => desired.Closed;

    /// <summary>Limits, marks and translation that cannot be programmed and are not in force, with the reason.</summary>
    public IReadOnlyDictionary<string, string> LeftOut => desired.LeftOut.Reasons;

    /// <summary>Chains the table should have.</summary>
    public int ChainCount => desired.Chains.Count;

    /// <summary>The kernel's state is not known: it must be read and compared before anything else.</summary>
    public bool InDoubt => image is null;

    /// <summary>Other host endpoints govern, or other interfaces; it counts from the next plan on.</summary>
    public void Govern(Core.Policy.HostEndpointResolution resolution) => desired.Govern(resolution);

    /// <summary>
    /// Every rule that counts and says what it is, in the chains whose names begin so: packets, bytes, chain, comment, by chain and place. Asks the kernel; the
    /// count of a rule begins anew when another rule of its chain changes.
    /// </summary>
    public string Counters(string prefix)
    {
        StringBuilder text = new();
        foreach ((string name, NftTableChain chain) in kernel.ReadOutline(KernelNames.Table)?.Chains.OrderBy(c => c.Key, StringComparer.Ordinal) ?? Enumerable.Empty<KeyValuePair<string, NftTableChain>>())
        {
            if (!name.StartsWith(prefix, StringComparison.Ordinal)) continue;
            foreach (NftTableRule rule in chain.Rules)
                if (rule.Counter is NftCounter counter) text.Append(CultureInfo.InvariantCulture, $"{counter.Packets} {counter.Bytes} {name} {rule.Comment}\n");
        }
        return text.ToString();
    }

    /// <summary>Remembers what must change. Nothing is sent.</summary>
    public void Plan(DesiredChanges changes, FelixParameters parameters, NetworkSets? network = null)
    {
        if (cannotLog) parameters = parameters with { DropGroup = null };
        inForce = parameters;
        flags = parameters.OwnsTable && !cannotOwn ? NftTableFlags.Owner | NftTableFlags.Persist : NftTableFlags.None;
        desired.Apply(changes, parameters, network);
    }

    /// <summary>Somebody else changed the table: what it holds is not known any more.</summary>
    public void Doubt() => image = null;

    /// <summary>Nobody in the namespace has committed anything since the last reading but what was sent here after it.</summary>
    public bool IsAlone() => kernel.Generation() == generation;

    /// <summary>The batch that makes the table from nothing; null while what the kernel holds is not known. Costs as much as the table is large.</summary>
    public ReadOnlyMemory<byte>? Whole()
    {
        if (image is null || !desired.Changes.IsEmpty) return null;
        desired.DoubtAll();
        NftTransaction whole = new(KernelNames.Table, wholeLength + (wholeLength / 8));
        new TablePlan(desired, new TableImage(), calculator, whole, whole).Write();
        desired.Changes.Clear();
        wholeLength = whole.ByteLength;
        return whole.Keep();
    }

    /// <summary>Makes the kernel's table as desired. Returns whether anything was written.</summary>
    /// <exception cref="NftException">The kernel refused, or the outcome is unknown; the next call reads the table and tries again.</exception>
    public bool Apply()
    {
        while (true)
        {
            if (image is null) Reread();
            else if (desired.Changes.IsEmpty) return false;
            TableImage known = image!;
            try
            {
                return known.MustRebuild ? Rebuild() : Program(known);
            }
            catch (NftException refusal) when (IsAboutOwner(refusal))
            {
                (flags, cannotOwn) = (NftTableFlags.None, true);
            }
            catch (NftException refusal) when (IsAboutLog(refusal))
            {
                cannotLog = true;
                Plan(new DesiredChanges(), inForce);
            }
            catch (NftException refusal) when (IsIsolated(refusal, known))
            {
                // What was refused is closed now; the rest is programmed from a new reading.
            }
        }
    }

    private bool Program(TableImage known)
    {
        // Whatever goes wrong from here on, the image may not be what the kernel has.
        image = null;
        if (known.IsFresh) generation = known.Generation;
        LearnHandles(known);
        preparation.Clear();
        transaction.Clear();
        new TablePlan(desired, known, calculator, preparation, transaction, flags).Write();
        int messages = preparation.Count + transaction.Count;
        Commit(preparation);
        Commit(transaction);
        hasLogged |= inForce.DropGroup is not null;
        Note(known);
        image = known;
        if (mayStandIn) RemoveStandIn();
        if (messages == 0) return false;
        LastMessages = messages;
        return true;
    }

    private void Commit(NftTransaction part)
    {
        if (part.IsEmpty) return;
        kernel.Commit(part);
        generation++;
        Commits++;
        // A first batch is megabytes.
        part.Clear();
    }

    /// <summary>
    /// Something in the table cannot be mended in place, and a table cannot be exchanged for another at one moment: a second one says the same while the first
    /// is made anew.
    /// </summary>
    private bool Rebuild()
    {
        RemoveStandIn();
        mayStandIn = true;
        generation = kernel.Generation();
        NftTransaction sets = new(KernelNames.StandIn), rest = new(KernelNames.StandIn);
        new TablePlan(desired, new TableImage(), calculator, sets, rest).Write();
        Commit(sets);
        Commit(rest);
        TableRemoval.Run(kernel, KernelNames.Table);
        return Program(new TableImage { Generation = kernel.Generation() });
    }

    private void RemoveStandIn()
    {
        if (TableRemoval.Run(kernel, KernelNames.StandIn)) image = null;
        mayStandIn = false;
    }

    /// <summary>Before Linux 6.9 no table can be owned and outlive its owner.</summary>
    private bool IsAboutOwner(NftException refusal) => flags != NftTableFlags.None && refusal is { Errno: Errno.ENOTSUP, Faults: [{ Chain: null, Set: null }, ..] };

    /// <summary>
    /// Where the kernel has no nfnetlink_log it takes no rule that tells of what it denies. The reader of what is denied says so; here it must not keep policy
    /// out.
    /// </summary>
    private bool IsAboutLog(NftException refusal) => inForce.DropGroup is not null && !hasLogged && refusal is { Errno: Errno.ENOENT, Faults: [{ Chain: not null }, ..] };

    /// <summary>
    /// Whether it makes sense to go on at once. A refusal of what was planned from a state that may have changed meanwhile says nothing: the state is read
    /// first. Want of memory or permission is nobody's fault.
    /// </summary>
    private bool IsIsolated(NftException refusal, TableImage known)
    {
        if (refusal.OutcomeUnknown || refusal.Faults.Count == 0 || refusal.Errno is Errno.EPERM or Errno.EINTR or Errno.ENOMEM or Errno.ENOBUFS or Errno.EMSGSIZE) return false;
        if (!known.IsFresh) return desired.Concerns(refusal.Faults[0]);
        return kernel.Generation() == generation && desired.Close(refusal.Faults, refusal.Message);
    }

    /// <summary>Chains that change but keep rules are asked for their handles: a dump of one chain is a matter of microseconds.</summary>
    private void LearnHandles(TableImage known)
    {
        foreach (string name in desired.Changes.Chains)
        {
            if (!known.Chains.TryGetValue(name, out HeldChain? held) || held.Handles.Count == held.Rules.Count) continue;
            if (!desired.Chains.TryGetValue(name, out RenderedChain? wanted) || !TablePlan.CanKeepRules(wanted, held)) continue;
            HeldChain read = TableReading.Held(held.Base, kernel.ReadRules(KernelNames.Table, name));
            if (read.Rules == held.Rules) known.Chains[name] = read;
        }
    }

    /// <summary>Reads the table. Sets whose description is not ours are told by making the whole table anew, in the one transaction.</summary>
    private void Reread()
    {
        desired.DoubtAll();
        uint generation = kernel.Generation();
        NftTable? table = TakeEarly() is { } read && read.Generation == generation ? read : kernel.Read(KernelNames.Table);
        image = TableReading.Read(table, generation, desired, flags);
        readAt = time.GetUtcNow();
    }

    private NftTable? TakeEarly()
    {
        try
        {
            return early?.GetAwaiter().GetResult();
        }
        catch (Exception e) when (e is NftException or NetlinkException)
        {
            return null;
        }
        finally
        {
            early = null;
        }
    }

    private void Note(TableImage known)
    {
        (known.Exists, known.IsFresh, known.Flags) = (true, false, known.Flags | flags);
        known.Members.Clear();
        foreach (string stray in known.Strays) known.Sets.Remove(stray);
        known.Strays.Clear();
        foreach (string name in desired.Changes.Chains) NoteChain(known, name);
        foreach (string name in desired.Changes.Nets) NoteNets(known, name);
        foreach (string name in desired.Changes.Ports)
        {
            if (desired.Ports.TryGetValue(name, out PortsSet? set)) known.Sets[name] = set.Set;
            else known.Sets.Remove(name);
        }
        known.WrongPorts.Clear();
        foreach (Core.Policy.SetPart part in desired.Changes.Parts)
        {
            if (desired.Parts.ContainsKey(part)) known.Sets[KernelNames.Set(part)] = KernelSets.Of(part);
            else known.Sets.Remove(KernelNames.Set(part));
        }
        foreach (NftSet map in desired.Maps) NoteMap(known, map);
        foreach (string name in desired.Changes.Maps)
            if (desired.MapNamed(name) is null) ForgetMap(known, name);
        desired.Changes.Clear();
    }

    private void NoteChain(TableImage known, string name)
    {
        if (!desired.Chains.TryGetValue(name, out RenderedChain? chain)) known.Chains.Remove(name);
        else if (!known.Chains.TryGetValue(name, out HeldChain? held) || !TablePlan.SameRules(chain, held))
            known.Chains[name] = new HeldChain(chain.Base, chain.Rules.Select(r => r.Identity).ToEquatableArray(), default);
    }

    private void NoteNets(TableImage known, string name)
    {
        if (desired.Nets.TryGetValue(name, out NetsSet? set))
        {
            known.Sets[name] = set.Set;
            known.Nets[name] = set.Members;
        }
        else
        {
            known.Sets.Remove(name);
            known.Nets.Remove(name);
        }
    }

    private void NoteMap(TableImage known, NftSet map)
    {
        known.Sets[map.Name] = map;
        if (!known.Maps.TryGetValue(map.Name, out Dictionary<string, NftVerdict>? elements)) known.Maps.Add(map.Name, elements = new(StringComparer.Ordinal));
        foreach (string name in desired.Changes.Interfaces)
        {
            if (desired.Dispatch(map, name) is NftVerdict verdict) elements[name] = verdict;
            else elements.Remove(name);
        }
    }

    private static void ForgetMap(TableImage known, string name)
    {
        known.Sets.Remove(name);
        known.Maps.Remove(name);
    }
}
