using Canal.Core.Addressing;
using Canal.Core.Calculation;
using Canal.Core.Overlay;
using Canal.Core.Policy;
using Canal.Felix.Configuration;
using Canal.Felix.Dataplane.Nftables;
using Canal.Linux.Iptables;
using Canal.Linux.Nftables;

namespace Canal.Felix.Dataplane.Iptables;

/// <summary>
/// Keeps iptables, ip6tables and ipset as the calculator wants them: the nftables table in their words. First the sets and their members, then the rules, each
/// table of iptables at one moment, then the sets that nobody looks up any more go. The state is read at the start, which adopts what an earlier run left, after
/// every failure, when a glance each second shows that somebody has changed something, and now and then, because a glance does not show everything.
/// </summary>
/// <param name="kernel">The host's programs.</param>
/// <param name="calculator">Has the members of sets.</param>
/// <param name="families">Those that the kernel has.</param>
/// <param name="time">Says when to read again.</param>
internal sealed class IptablesDataplane(IIptables kernel, PolicyCalculator calculator, IReadOnlyList<IpFamily> families, TimeProvider time) : IDataplane
{
    /// <summary>With the nft flavour the kernel lets go of a set a moment after the rule.</summary>
    private static readonly TimeSpan RetirePause = TimeSpan.FromMilliseconds(500);

    /// <summary>How long a rule or set that somebody takes away may be missing. A glance takes about 8 ms of a processor with a thousand sets, and 6 ms with a set of 200,000 members, which the kernel counts.</summary>
    private static readonly TimeSpan GlancePause = TimeSpan.FromSeconds(1);

    /// <summary>How long one call may look for what the kernel refuses. What was found stays closed; the next call looks for the rest.</summary>
    private static readonly TimeSpan LongestSearch = TimeSpan.FromSeconds(10);

    private readonly DesiredTable desired = new();
    private readonly Dictionary<IpFamily, IptablesPicture> pictures = [];
    private readonly HashSet<string> retiring = new(StringComparer.Ordinal);
    private Dictionary<string, IEnumerable<Cidr>> netsInForce = new(StringComparer.Ordinal);
    private Dictionary<IpFamily, IptablesImage>? images;
    private Dictionary<string, HeldSet> readSets = [];
    private Dictionary<string, SetSize> sets = [];
    private FelixParameters inForce = new();
    private DateTimeOffset? nextCheck, nextRetirement, nextGlance;
    private int seen;

    // Nothing was written since the last reading: what is refused now is refused for what it says.
    private bool isFresh;
    private bool cannotLog, hasLogged;
    private int seenBefore;

    public string Name => "iptables";

    public string CommitsMetric => "felix_iptables_restore_calls";

    public long Commits { get; private set; }

    public int LastMessages { get; private set; }

    public IReadOnlyDictionary<string, string> Closed => pictures.Values.SelectMany(p => p.Wrong).Concat(desired.Closed).DistinctBy(c => c.Key).ToDictionary(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, string> LeftOut => desired.LeftOut.Reasons;

    public int ChainCount => desired.Chains.Count;

    public DateTimeOffset? CheckDue => new[] { nextCheck, nextRetirement, nextGlance }.Min();

    public void Govern(HostEndpointResolution resolution) => desired.Govern(resolution);

    public void Plan(DesiredChanges changes, FelixParameters parameters, NetworkSets? network = null)
    {
        if (cannotLog) parameters = parameters with { DropGroup = null };
        // Sets that are in force may be larger than they may now be.
        if (parameters.Iptables.MaxSetSize != inForce.Iptables.MaxSetSize) Doubt();
        inForce = parameters;
        desired.Apply(changes, parameters, network);
    }

    public void Doubt() => images = null;

    /// <summary>Nobody tells; the check after each write does for it, and the glances.</summary>
    public bool IsAlone() => true;

    public bool Apply()
    {
        long start = time.GetTimestamp();
        while (true)
        {
            if (images is null) Reread();
            else if (desired.Changes.IsEmpty) return false;
            bool isCertain = isFresh;
            try
            {
                return Program();
            }
            catch (RefusedParts refused)
            {
                if (refused.IsInDoubt) Forget();
                if (refused.LacksLog) GoWithoutLog();
                if (refused.LacksLog) continue;
                // What others have taken away meanwhile makes the kernel refuse what looks it up: it is read first.
                if (refused.IsInDoubt && !isCertain) continue;
                if (Close(refused) && time.GetElapsedTime(start) < LongestSearch) continue;
                Forget();
                throw refused.Refusal;
            }
            catch (IptablesException)
            {
                Forget();
                throw;
            }
        }
    }

    /// <summary>The reader of what is denied says so; here it must not keep policy out.</summary>
    private void GoWithoutLog()
    {
        cannotLog = true;
        Plan(new DesiredChanges(), inForce);
    }

    /// <summary>Returns whether there is anything that was not closed yet.</summary>
    private bool Close(RefusedParts refused)
    {
        bool any = false;
        foreach ((NftFault fault, string reason) in refused.Parts) any |= desired.Close([fault], reason, refused.Family);
        return any;
    }

    public bool Check()
    {
        DateTimeOffset now = time.GetUtcNow();
        bool isGlanceDue = nextGlance <= now || nextRetirement <= now;
        if (nextCheck <= now || (isGlanceDue && IsChanged())) Doubt();
        else if (nextRetirement <= now && Retire()) Remember();
        return Apply();
    }

    /// <summary>Somebody has changed something since the last write or reading.</summary>
    private bool IsChanged()
    {
        nextGlance = time.GetUtcNow() + GlancePause;
        return images is not null && kernel.Glance(families, IptablesNames.Prefix) != seen;
    }

    /// <summary>As it is now is how it should be.</summary>
    private void Remember()
    {
        seen = kernel.Glance(families, IptablesNames.Prefix);
        nextGlance = time.GetUtcNow() + GlancePause;
    }

    public string Counters(string prefix)
    {
        Dictionary<string, string> names = pictures.Values.SelectMany(p => p.Tables.Values).SelectMany(t => t.Values).DistinctBy(c => c.Name).ToDictionary(c => c.Name, c => c.Source, StringComparer.Ordinal);
        IptablesCounters counters = new(names);
        foreach (IpFamily family in families) counters.Add(kernel.Save(family, counters: true));
        return counters.Text(prefix);
    }

    public ReadOnlyMemory<byte>? Whole()
    {
        if (images is null || !desired.Changes.IsEmpty) return null;
        desired.DoubtAll();
        IpsetPlan plan = new(desired, [], new HashSet<string>(), new Dictionary<string, HeldSet>(), calculator, inForce.Iptables.MaxSetSize);
        plan.Write(new Dictionary<string, IEnumerable<Cidr>>());
        desired.Changes.Clear();
        Dictionary<IpFamily, string> scripts = families.ToDictionary(f => f, f => RulePlan(f, new IptablesImage()).Script);
        return new KeptScripts(plan.Script, scripts.GetValueOrDefault(IpFamily.V4, ""), scripts.GetValueOrDefault(IpFamily.V6, "")).ToBytes();
    }

    private bool Program()
    {
        int lines = 0;
        bool wasRead = isFresh;
        foreach (IpFamily family in families) Picture(family).Draw(inForce);
        IpsetPlan members = new(desired, sets, retiring, readSets, calculator, inForce.Iptables.MaxSetSize);
        members.Write(netsInForce);
        Program(members);
        lines += members.Lines;
        foreach (IpFamily family in families) lines += Program(family);
        isFresh = false;
        hasLogged |= inForce.DropGroup is not null;
        retiring.Clear();
        retiring.UnionWith(members.Retired);
        bool changed = Retire() || lines > 0;
        // What others did while it was read, or since, is seen by the next glance: who takes one thing away takes another.
        if (changed) Remember();
        else if (wasRead) seen = seenBefore;
        NoteSets();
        Schedule(wasRead, changed: lines > 0);
        if (lines == 0) return false;
        Commits++;
        LastMessages = lines;
        return true;
    }

    private void Program(IpsetPlan members)
    {
        if (members.Refused.Count > 0) throw new RefusedParts([.. members.Refused.Select(set => (new NftFault(0, null, set.Key), set.Value))], new IptablesException(members.Refused.First().Value), isInDoubt: false);
        try
        {
            if (members.Lines > 0) kernel.RestoreSets(members.Script);
        }
        catch (IptablesException refusal) when (refusal.Line is int line && members.SourceOf(line) is string set)
        {
            throw new RefusedParts(TakesSets() ? [(new NftFault(0, null, set), refusal.Message)] : [], refusal);
        }
        members.Note();
    }

    /// <summary>A kernel that takes no set at all, for want of memory or permission, has nothing against the one that was refused.</summary>
    private bool TakesSets()
    {
        const string Trial = IptablesNames.Prefix + "trial";
        try
        {
            kernel.RestoreSets($"create {Trial} {IpsetText.Addresses}\nadd {Trial} 192.0.2.1\ndestroy {Trial}\n");
            return true;
        }
        catch (IptablesException)
        {
            return false;
        }
    }

    private int Program(IpFamily family)
    {
        IptablesPlan plan = RulePlan(family, images![family]);
        if (plan.IsEmpty) return 0;
        try
        {
            kernel.Restore(family, plan.Script);
        }
        catch (IptablesException refusal) when (refusal.Line is not null)
        {
            RefusedRules rules = new(kernel, family, plan, time);
            bool lacksLog = isFresh && inForce.DropGroup is not null && !hasLogged && rules.LacksLog();
            throw new RefusedParts(isFresh && !lacksLog ? rules.Find(refusal) : [], refusal, family: family) { LacksLog = lacksLog };
        }
        plan.Note();
        return plan.Lines;
    }

    private IptablesPlan RulePlan(IpFamily family, IptablesImage image)
    {
        IptablesPlan plan = new(Picture(family), image, inForce.Iptables.Insert);
        plan.Write();
        return plan;
    }

    /// <summary>Sets that are still looked up are tried again. Returns whether any went.</summary>
    private bool Retire()
    {
        retiring.IntersectWith(sets.Keys);
        HashSet<string> inUse = new SetRetirement(kernel).Run(new HashSet<string>(retiring, StringComparer.Ordinal));
        string[] gone = [.. retiring.Except(inUse)];
        foreach (string name in gone) sets.Remove(name);
        retiring.IntersectWith(inUse);
        nextRetirement = retiring.Count > 0 ? time.GetUtcNow() + RetirePause : null;
        return gone.Length > 0;
    }

    private void NoteSets()
    {
        foreach (string name in desired.Changes.Nets)
        {
            if (desired.Nets.TryGetValue(name, out NetsSet? nets)) netsInForce[name] = [.. nets.Members];
            else netsInForce.Remove(name);
        }
        readSets = [];
        desired.Changes.Clear();
    }

    private void Reread()
    {
        desired.DoubtAll();
        seenBefore = kernel.Glance(families, IptablesNames.Prefix);
        nextGlance = After(GlancePause);
        Dictionary<IpFamily, IptablesImage> read = families.ToDictionary(f => f, f => IptablesImage.Read(kernel.Save(f)));
        readSets = HeldSet.ReadAll(kernel.SaveSets());
        (sets, netsInForce) = (readSets.ToDictionary(set => set.Key, set => set.Value.Size, StringComparer.Ordinal), new(StringComparer.Ordinal));
        retiring.Clear();
        (images, isFresh) = (read, true);
    }

    private void Forget()
    {
        images = null;
        nextCheck = After(inForce.Iptables.Refresh);
    }

    /// <summary>When to read again. A repair is looked at at once, because what was done meanwhile was taken for its own; other writes put nothing off.</summary>
    private void Schedule(bool wasRead, bool changed)
    {
        TimeSpan after = inForce.Iptables.PostWriteCheck, pause = !changed || after == TimeSpan.Zero ? inForce.Iptables.Refresh : wasRead && after > GlancePause ? GlancePause : after;
        DateTimeOffset? due = After(pause);
        if (wasRead || (changed && (nextCheck is null || due < nextCheck))) nextCheck = due;
    }

    private DateTimeOffset? After(TimeSpan pause) => pause > TimeSpan.Zero ? time.GetUtcNow() + pause : null;

    private IptablesPicture Picture(IpFamily family) => pictures.TryGetValue(family, out IptablesPicture? picture) ? picture : pictures[family] = new IptablesPicture(desired, family);

    /// <summary>Something is refused, and may be about parts that can be closed.</summary>
    /// <param name="parts">What it is about; the same reason may be that of several.</param>
    /// <param name="refusal">In the program's words.</param>
    /// <param name="isInDoubt">What the kernel holds is not known any more.</param>
    /// <param name="family">Whose rules it is about.</param>
    private sealed class RefusedParts(IReadOnlyList<(NftFault Fault, string Reason)> parts, IptablesException refusal, bool isInDoubt = true, IpFamily? family = null) : Exception(refusal.Message)
    {
        public IReadOnlyList<(NftFault Fault, string Reason)> Parts { get; } = parts;

        public IptablesException Refusal { get; } = refusal;

        public bool IsInDoubt { get; } = isInDoubt;

        public IpFamily? Family { get; } = family;

        /// <summary>The kernel takes no rule that tells of what it denies.</summary>
        public bool LacksLog { get; init; }
    }
}
