using Canal.Core;
using Canal.Core.Addressing;
using Canal.Core.IpSets;
using Canal.Core.Policy;
using Canal.Linux.Nftables;

namespace Canal.Felix.Dataplane.Nftables;

/// <summary>
/// Compares the objects of the kernel's table with the desired ones by name: what is not wanted is marked as changed, so that the next plan
/// removes it. A table that holds one of our names as something else is told to be made anew, in one transaction.
/// </summary>
internal static class TableReading
{
    /// <param name="table">What the kernel holds.</param>
    /// <param name="generation">The kernel's generation before that was read.</param>
    /// <param name="desired">What it should hold.</param>
    /// <param name="flags">The flags that its table should have.</param>
    public static TableImage Read(NftTable? table, uint generation, DesiredTable desired, NftTableFlags flags)
    {
        if (table is null) return new TableImage { Generation = generation };
        TableImage image = new() { Exists = true, Flags = table.Flags, Generation = table.Generation };
        // A dormant table enforces nothing, and one that was made without an owner cannot be given one.
        bool usable = (table.Flags & NftTableFlags.Dormant) == 0 && (flags & ~table.Flags & NftTableFlags.Persist) == 0;
        bool ours = usable && ReadChains(table, desired, image) && ReadSets(table, desired, image);
        return ours ? image : new TableImage { Exists = true, MustRebuild = true, Generation = table.Generation };
    }

    private static bool ReadChains(NftTable table, DesiredTable desired, TableImage image)
    {
        foreach ((string name, NftTableChain chain) in table.Chains)
        {
            if (desired.Chains.TryGetValue(name, out RenderedChain? wanted) && wanted.Base != chain.Base) return false;
            image.Chains[name] = Held(chain.Base, chain.Rules);
            desired.Changes.Chains.Add(name);
        }
        return true;
    }

    public static HeldChain Held(NftBaseChain? hook, IReadOnlyList<NftTableRule> rules) =>
        new(hook, rules.Select(r => r.Identity).ToEquatableArray(), rules.Select(r => r.Handle).ToEquatableArray());

    private static bool ReadSets(NftTable table, DesiredTable desired, TableImage image)
    {
        Dictionary<string, SetPart> parts = desired.Parts.Keys.ToDictionary(KernelNames.Set, StringComparer.Ordinal);
        foreach ((string name, NftTableSet set) in table.Sets)
        {
            bool read = parts.TryGetValue(name, out SetPart part) ? ReadPart(part, set, image)
                : desired.Nets.TryGetValue(name, out NetsSet? nets) ? ReadNets(nets, set, image)
                : desired.Ports.TryGetValue(name, out PortsSet? ports) ? ReadPorts(ports, set, image)
                : desired.MapNamed(name) is { } map ? ReadMap(map, set, desired, image)
                : NoteStray(name, image);
            if (!read) return false;
            image.Sets[name] = set.Description;
        }
        return true;
    }

    private static bool NoteStray(string name, TableImage image)
    {
        image.Strays.Add(name);
        return true;
    }

    private static bool ReadPart(SetPart part, NftTableSet set, TableImage image)
    {
        if (!IsKind(KernelSets.Of(part), set)) return false;
        ReadMembers members = new();
        image.Members[set.Description.Name] = members;
        if (part.Set.Kind == IpSetKind.NamedPort)
        {
            for (int i = 0; i < set.Elements!.Count; i++)
            {
                NftConcatenation element = set.Elements.ConcatenationAt(i);
                members.Ports.Add(new PortMember(element.Address, element.Protocol, element.Port));
            }
            return true;
        }
        return TryReadPrefixes(set, members.Prefixes);
    }

    private static bool ReadNets(NetsSet wanted, NftTableSet set, TableImage image)
    {
        HashSet<Cidr> members = [];
        if (!IsKind(wanted.Set, set) || !TryReadPrefixes(set, members)) return false;
        image.Nets[wanted.Set.Name] = members.ToEquatableArray();
        return true;
    }

    private static bool ReadPorts(PortsSet wanted, NftTableSet set, TableImage image)
    {
        if (!IsKind(wanted.Set, set)) return false;
        List<PortRange>? held = set.Elements!.ReadPorts();
        if (held is null || held.OrderBy(p => p.First).ToEquatableArray() != wanted.Members) image.WrongPorts.Add(wanted.Set.Name);
        return true;
    }

    private static bool TryReadPrefixes(NftTableSet set, HashSet<Cidr> into)
    {
        if (!set.Description.IsInterval)
        {
            for (int i = 0; i < set.Elements!.Count; i++) into.Add(new Cidr(set.Elements.AddressAt(i)));
            return true;
        }
        List<Cidr> prefixes = [];
        if (!set.Elements!.TryReadPrefixes(prefixes)) return false;
        into.UnionWith(prefixes);
        return true;
    }

    private static bool ReadMap(NftSet map, NftTableSet set, DesiredTable desired, TableImage image)
    {
        if (!IsKind(map, set)) return false;
        Dictionary<string, NftVerdict> elements = new(StringComparer.Ordinal);
        for (int i = 0; i < set.Elements!.Count; i++)
        {
            string name = set.Elements.InterfaceNameAt(i);
            elements[name] = set.Elements.VerdictAt(i);
            desired.Changes.Interfaces.Add(name);
        }
        image.Maps[set.Description.Name] = elements;
        return true;
    }

    private static bool IsKind(NftSet wanted, NftTableSet held) =>
        held.Description.Key == wanted.Key && held.Description.Flags == wanted.Flags && held.Elements is not null;
}
