using Canal.Core.Policy;

namespace Canal.Felix.Dataplane.Nftables;

/// <summary>Puts what was rendered anew in the place of what was there, and notes what differs.</summary>
internal sealed partial class DesiredTable
{
    private void ReplaceChains(IEnumerable<string> before, List<RenderedChain> now)
    {
        HashSet<string> kept = [.. now.Select(c => c.Name)];
        foreach (string name in before)
        {
            if (kept.Contains(name)) continue;
            Chains.Remove(name);
            Changes.Chains.Add(name);
        }
        foreach (RenderedChain chain in now)
        {
            if (Chains.TryGetValue(chain.Name, out RenderedChain? held) && held == chain) continue;
            Chains[chain.Name] = chain;
            Changes.Chains.Add(chain.Name);
        }
    }

    private void ReplaceNets(List<NetsSet> before, List<NetsSet> now)
    {
        HashSet<string> kept = [.. now.Select(n => n.Set.Name)];
        foreach (NetsSet set in before)
        {
            if (kept.Contains(set.Set.Name)) continue;
            Nets.Remove(set.Set.Name);
            Changes.Nets.Add(set.Set.Name);
        }
        foreach (NetsSet set in now)
        {
            if (Nets.TryGetValue(set.Set.Name, out NetsSet? held) && held == set) continue;
            Nets[set.Set.Name] = set;
            Changes.Nets.Add(set.Set.Name);
        }
    }

    private void ReplacePorts(Dictionary<string, PortsSet> before, Dictionary<string, PortsSet> now)
    {
        foreach ((string name, PortsSet set) in now)
        {
            if (before.ContainsKey(name)) continue;
            portUsers[name] = portUsers.GetValueOrDefault(name) + 1;
            if (Ports.TryAdd(name, set)) Changes.Ports.Add(name);
        }
        foreach (string name in before.Keys)
        {
            if (now.ContainsKey(name) || --portUsers[name] > 0) continue;
            portUsers.Remove(name);
            Ports.Remove(name);
            Changes.Ports.Add(name);
        }
    }

    private void ReplaceParts(HashSet<SetPart> before, HashSet<SetPart> now)
    {
        foreach (SetPart part in now)
        {
            if (before.Contains(part)) continue;
            Parts[part] = Parts.GetValueOrDefault(part) + 1;
            Changes.Parts.Add(part);
        }
        foreach (SetPart part in before)
        {
            if (now.Contains(part)) continue;
            Changes.Parts.Add(part);
            if (Parts[part] == 1) Parts.Remove(part);
            else Parts[part]--;
        }
    }
}
