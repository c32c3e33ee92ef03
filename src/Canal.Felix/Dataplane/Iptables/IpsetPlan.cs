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
/// comes, comes before what goes. Pure.
/// </summary>
/// <param name="desired">What is wanted.</param>
/// <param name="held">The names of our sets in the kernel; kept in step by <see cref="Note"/>.</param>
/// <param name="read">The sets as they were read, while that is known.</param>
/// <param name="calculator">Has the members.</param>
/// <param name="maxSize">How many members a set may have.</param>
internal sealed class IpsetPlan(DesiredTable desired, HashSet<string> held, IReadOnlyDictionary<string, HeldSet> read, PolicyCalculator calculator, long maxSize)
{
    private readonly StringBuilder script = new();
    private readonly List<string> created = [];
    private readonly HashSet<SetPart> filled = [];

    /// <summary>Lines of the script.</summary>
    public int Lines { get; private set; }

    public string Script => script.ToString();

    /// <summary>Sets in the kernel that nobody wants.</summary>
    public List<string> Retired { get; } = [];

    /// <summary>A set of ours is there as something else than it should be; nothing can be written into it.</summary>
    public string? Wrong { get; private set; }

    /// <summary>Writes the script.</summary>
    public void Write(IReadOnlyDictionary<string, IEnumerable<Cidr>> netsBefore)
    {
        HashSet<string> wanted = [.. desired.Parts.Keys.Select(KernelNames.Set).Concat(desired.Nets.Keys).Concat(desired.Ports.Keys).Select(IptablesNames.Set)];
        Retired.AddRange(held.Where(name => !wanted.Contains(name)));
        foreach (SetPart part in desired.Changes.Parts) WritePart(part);
        foreach (string name in desired.Changes.Nets)
            if (desired.Nets.TryGetValue(name, out NetsSet? nets)) WriteNets(nets, netsBefore.GetValueOrDefault(name) ?? []);
        foreach (string name in desired.Changes.Ports)
            if (desired.Ports.TryGetValue(name, out PortsSet? ports)) WritePorts(ports);
        foreach (IpSetChange change in desired.Changes.Members)
            foreach (SetPart part in SetPart.Of(change.Set, SetShape.V4Addresses | SetShape.V4Prefixes | SetShape.V6Addresses | SetShape.V6Prefixes))
                if (desired.Parts.ContainsKey(part) && !filled.Contains(part)) Exchange(KernelNames.Set(part), IpsetText.Added(part, change.Members), IpsetText.Removed(part, change.Members));
    }

    /// <summary>The script has been carried out.</summary>
    public void Note() => held.UnionWith(created);

    private void WritePart(SetPart part)
    {
        if (!desired.Parts.ContainsKey(part)) return;
        NftSet set = KernelSets.Of(part);
        IpSetDelta members = calculator.Members(part.Set) ?? new IpSetDelta();
        HeldSet? was = HeldOf(set);
        if (was is null && held.Contains(IptablesNames.Set(set.Name))) return;
        filled.Add(part);
        if (was is null)
        {
            Create(set);
            Exchange(set.Name, IpsetText.Added(part, members), []);
            return;
        }
        ReadMembers there = new();
        there.Prefixes.UnionWith(was.Prefixes);
        there.Ports.UnionWith(was.Ports);
        // Halves of everything are compared as such.
        IpSetDelta halved = new();
        halved.AddedAddresses.AddRange(members.AddedAddresses);
        halved.AddedPorts.AddRange(members.AddedPorts);
        halved.AddedPrefixes.AddRange(IpsetText.Halved(members.AddedPrefixes));
        IpSetDelta difference = PartMembers.Difference(part, halved, there);
        Exchange(set.Name, IpsetText.Added(part, difference), IpsetText.Removed(part, difference).Concat(was.Odd));
    }

    private void WriteNets(NetsSet nets, IEnumerable<Cidr> before)
    {
        HeldSet? was = HeldOf(nets.Set);
        if (was is null && !held.Contains(IptablesNames.Set(nets.Set.Name))) Create(nets.Set);
        HashSet<Cidr> old = [.. was?.Prefixes ?? IpsetText.Halved(before)], now = [.. IpsetText.Halved(nets.Members)];
        Exchange(nets.Set.Name, now.Except(old).Select(Text), old.Except(now).Select(Text).Concat(was?.Odd ?? []));
    }

    private void WritePorts(PortsSet ports)
    {
        HeldSet? was = HeldOf(ports.Set);
        if (was is null && held.Contains(IptablesNames.Set(ports.Set.Name))) return;
        if (was is null) Create(ports.Set);
        HashSet<ushort> now = [.. ports.Members.SelectMany(r => Enumerable.Range(r.First, r.Last - r.First + 1)).Select(p => (ushort)p)];
        if (was is null) Exchange(ports.Set.Name, ports.Members.Select(r => r.ToString().Replace(':', '-')), []);
        else Exchange(ports.Set.Name, now.Except(was.Numbers).Select(Number), was.Numbers.Except(now).Select(Number));
    }

    private void Create(NftSet set)
    {
        Line(IpsetText.Create(set, maxSize));
        created.Add(IptablesNames.Set(set.Name));
    }

    private void Exchange(string set, IEnumerable<string> come, IEnumerable<string> go)
    {
        string name = IptablesNames.Set(set);
        HashSet<string> coming = [.. come];
        foreach (string member in coming) Line($"add {name} {member}");
        foreach (string member in go)
            if (!coming.Contains(member)) Line($"del {name} {member}");
    }

    private HeldSet? HeldOf(NftSet set)
    {
        if (!read.TryGetValue(IptablesNames.Set(set.Name), out HeldSet? was)) return null;
        if (was.Type != IpsetText.TypeOf(set)) Wrong ??= $"the ipset {IptablesNames.Set(set.Name)} is {was.Type} and should be {IpsetText.TypeOf(set)}: another program made it";
        return was;
    }

    private static string Text(Cidr net) => net.IsSingleAddress ? net.Address.ToString() : net.ToString();

    private static string Number(ushort port) => port.ToString(CultureInfo.InvariantCulture);

    private void Line(string text)
    {
        script.Append(text).Append('\n');
        Lines++;
    }
}
