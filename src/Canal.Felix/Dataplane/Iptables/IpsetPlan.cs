using System.Globalization;
using System.Text;
using Canal.Core.Addressing;
using Canal.Core.Calculation;
using Canal.Core.IpSets;
using Canal.Core.Policy;
using Canal.Felix.Dataplane.Nftables;
using Canal.Linux.Nftables;

namespace Canal.Felix.Dataplane.Iptables;

/// <summary>
/// The script that makes the sets as the desired table has them, but for those that nobody wants any more, which go after the rules that look them up. What
/// comes, comes before what goes. A set that has no room for that, or whose members are not known any more, is made anew under another name and exchanged at one
/// moment. Pure.
/// </summary>
/// <param name="desired">What is wanted.</param>
/// <param name="held">Our sets in the kernel by name; kept in step by <see cref="Note"/>.</param>
/// <param name="retiring">Those that nobody wanted a while ago and that are still there: their members may not be what they should be.</param>
/// <param name="read">The sets as they were read, while that is known.</param>
/// <param name="calculator">Has the members.</param>
/// <param name="maxSize">How many members a policy's set may have.</param>
internal sealed class IpsetPlan(
    DesiredTable desired, Dictionary<string, SetSize> held, IReadOnlySet<string> retiring, IReadOnlyDictionary<string, HeldSet> read, PolicyCalculator calculator, long maxSize)
{
    private readonly StringBuilder script = new();
    private readonly Dictionary<string, SetSize> sizes = new(StringComparer.Ordinal);
    private readonly HashSet<SetPart> filled = [];
    private readonly HashSet<string> removed = new(StringComparer.Ordinal);

    // By line, from 0 on: the set that it is about, as it is called in the nftables table.
    private readonly List<string> sources = [];

    /// <summary>Lines of the script.</summary>
    public int Lines => sources.Count;

    public string Script => script.ToString();

    /// <summary>Sets in the kernel that nobody wants.</summary>
    public List<string> Retired { get; } = [];

    /// <summary>Sets that cannot be as they should, by their names in the nftables table, with the reason: for these the script has nothing.</summary>
    public Dictionary<string, string> Refused { get; } = new(StringComparer.Ordinal);

    /// <summary>The set that a line, counted from 1 on, is about, as it is called in the nftables table; null when there is no such line.</summary>
    public string? SourceOf(int line) => line >= 1 && line <= sources.Count ? sources[line - 1] : null;

    /// <summary>Writes the script.</summary>
    public void Write(IReadOnlyDictionary<string, IEnumerable<Cidr>> netsBefore)
    {
        HashSet<string> wanted = [.. desired.Parts.Keys.Select(KernelNames.Set).Concat(desired.Nets.Keys).Concat(desired.Ports.Keys).Select(IptablesNames.Set)];
        Retired.AddRange(held.Keys.Where(name => !wanted.Contains(name)));
        foreach (SetPart part in desired.Changes.Parts) WritePart(part);
        foreach (string name in desired.Changes.Nets)
            if (desired.Nets.TryGetValue(name, out NetsSet? nets)) WriteNets(nets, netsBefore.GetValueOrDefault(name) ?? []);
        foreach (string name in desired.Changes.Ports)
            if (desired.Ports.TryGetValue(name, out PortsSet? ports)) WritePorts(ports);
        foreach (IpSetChange change in desired.Changes.Members)
            foreach (SetPart part in SetPart.Of(change.Set, SetShape.V4Addresses | SetShape.V4Prefixes | SetShape.V6Addresses | SetShape.V6Prefixes))
                if (desired.Parts.ContainsKey(part) && !filled.Contains(part)) Exchange(part, IpsetText.Added(part, change.Members), IpsetText.Removed(part, change.Members));
    }

    /// <summary>The script has been carried out.</summary>
    public void Note()
    {
        foreach ((string name, SetSize size) in sizes) held[name] = size;
    }

    private void WritePart(SetPart part)
    {
        if (!desired.Parts.ContainsKey(part)) return;
        NftSet set = KernelSets.Of(part);
        HeldSet? was = HeldOf(set);
        if (was is null && IsKept(set)) return;
        filled.Add(part);
        if (was is null)
        {
            Make(set, IpsetText.Added(part, MembersOf(part)), maxSize);
            return;
        }
        ReadMembers there = new();
        there.Prefixes.UnionWith(was.Prefixes);
        there.Ports.UnionWith(was.Ports);
        // Halves of everything are compared as such.
        IpSetDelta members = MembersOf(part), halved = new();
        halved.AddedAddresses.AddRange(members.AddedAddresses);
        halved.AddedPorts.AddRange(members.AddedPorts);
        halved.AddedPrefixes.AddRange(IpsetText.Halved(members.AddedPrefixes));
        IpSetDelta difference = PartMembers.Difference(part, halved, there);
        Exchange(part, IpsetText.Added(part, difference), IpsetText.Removed(part, difference).Concat(was.Odd));
    }

    private void WriteNets(NetsSet nets, IEnumerable<Cidr> before)
    {
        HeldSet? was = HeldOf(nets.Set);
        HashSet<Cidr> now = [.. IpsetText.NetworksOf(nets.Set, nets.Members)];
        if (was is null && !IsKept(nets.Set))
        {
            Make(nets.Set, now.Select(Text), long.MaxValue);
            return;
        }
        HashSet<Cidr> old = [.. was?.Prefixes ?? IpsetText.NetworksOf(nets.Set, before)];
        Exchange(nets.Set, now.Except(old).Select(Text), old.Except(now).Select(Text).Concat(was?.Odd ?? []), () => now.Select(Text), long.MaxValue);
    }

    private void WritePorts(PortsSet ports)
    {
        HeldSet? was = HeldOf(ports.Set);
        if (was is null && IsKept(ports.Set)) return;
        if (was is null)
        {
            Make(ports.Set, ports.Members.Select(r => r.ToString().Replace(':', '-')), long.MaxValue);
            return;
        }
        HashSet<ushort> now = [.. ports.Members.SelectMany(r => Enumerable.Range(r.First, r.Last - r.First + 1)).Select(p => (ushort)p)];
        Exchange(ports.Set, now.Except(was.Numbers).Select(Number), was.Numbers.Except(now).Select(Number), () => now.Select(Number), long.MaxValue);
    }

    private IpSetDelta MembersOf(SetPart part) => calculator.Members(part.Set) ?? new IpSetDelta();

    /// <summary>It is there, and its members have been kept in step.</summary>
    private bool IsKept(NftSet set) => IsHeld(IptablesNames.Set(set.Name)) && !retiring.Contains(IptablesNames.Set(set.Name));

    private bool IsHeld(string name) => held.ContainsKey(name) && !removed.Contains(name);

    private void Exchange(SetPart part, IEnumerable<string> come, IEnumerable<string> go) => Exchange(KernelSets.Of(part), come, go, () => IpsetText.Added(part, MembersOf(part)), maxSize);

    /// <summary>Changes members of a set that is there; one without room for what comes is made anew.</summary>
    private void Exchange(NftSet set, IEnumerable<string> come, IEnumerable<string> go, Func<IEnumerable<string>> all, long most)
    {
        string name = IptablesNames.Set(set.Name);
        HashSet<string> coming = [.. come];
        string[] going = [.. go.Where(member => !coming.Contains(member))];
        SetSize size = sizes.TryGetValue(name, out SetSize planned) ? planned : held.GetValueOrDefault(name);
        long count = size.Count + coming.Count - going.Length;
        if (IsRefused(set, count, most)) return;
        if (coming.Count > 0 && size.Count + coming.Count > size.Most)
        {
            Make(set, all(), most);
            return;
        }
        foreach (string member in coming) Line(set, $"add {name} {member}");
        foreach (string member in going) Line(set, $"del {name} {member}");
        sizes[name] = size with { Count = count };
    }

    /// <summary>Makes a set, or makes it anew: what looks it up meets all of its members before or all of those after.</summary>
    private void Make(NftSet set, IEnumerable<string> members, long most)
    {
        string name = IptablesNames.Set(set.Name);
        bool isNew = !IsHeld(name);
        string[] all = [.. members];
        if (IsRefused(set, all.Length, most)) return;
        string into = isNew ? name : IptablesNames.Set($"{set.Name}/new");
        // Of a run that ended in the middle.
        if (!isNew && held.ContainsKey(into)) Line(set, $"destroy {into}");
        SetSize size = new(Math.Max(maxSize, all.Length), all.Length);
        Line(set, IpsetText.Create(set, into, size.Most));
        foreach (string member in all) Line(set, $"add {into} {member}");
        sizes[name] = set.Key == NftKeyType.Port ? SetSize.Ports : size;
        if (isNew) return;
        Line(set, $"swap {into} {name}");
        Line(set, $"destroy {into}");
    }

    /// <summary>What is denied then is told before the kernel says that the set is full.</summary>
    private bool IsRefused(NftSet set, long count, long most)
    {
        if (count > most) Refused.TryAdd(set.Name, string.Create(CultureInfo.InvariantCulture, $"the ipset {IptablesNames.Set(set.Name)} would have {count} members, and max_ipset_size is {most}"));
        return Refused.ContainsKey(set.Name);
    }

    /// <summary>The set as it was read; null when that is not known, or it was no such set: one of our name that another program made goes, if nobody looks it up.</summary>
    private HeldSet? HeldOf(NftSet set)
    {
        string name = IptablesNames.Set(set.Name);
        if (!read.TryGetValue(name, out HeldSet? was) || was.Type == IpsetText.TypeOf(set)) return was;
        if (removed.Add(name)) Line(set, $"destroy {name}");
        return null;
    }

    private static string Text(Cidr net) => net.IsSingleAddress ? net.Address.ToString() : net.ToString();

    private static string Number(ushort port) => port.ToString(CultureInfo.InvariantCulture);

    private void Line(NftSet set, string text)
    {
        script.Append(text).Append('\n');
        sources.Add(set.Name);
    }
}
