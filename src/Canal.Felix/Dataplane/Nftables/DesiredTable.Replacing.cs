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

    private void ReplaceNets(Dictionary<string, NetsSet> before, Dictionary<string, NetsSet> now) => ReplaceShared(before, now, Nets, netsUsers, Changes.Nets);

    private void ReplacePorts(Dictionary<string, PortsSet> before, Dictionary<string, PortsSet> now) => ReplaceShared(before, now, Ports, portUsers, Changes.Ports);

    /// <summary>Sets that several may use: one goes with its last user.</summary>
    private static void ReplaceShared<T>(Dictionary<string, T> before, Dictionary<string, T> now, Dictionary<string, T> sets, Dictionary<string, int> users, HashSet<string> changes)
        where T : class
    {
        foreach ((string name, T set) in now)
        {
            if (!before.ContainsKey(name)) users[name] = users.GetValueOrDefault(name) + 1;
            if (sets.TryGetValue(name, out T? held) && held.Equals(set)) continue;
            sets[name] = set;
            changes.Add(name);
        }
        foreach (string name in before.Keys)
        {
            if (now.ContainsKey(name) || --users[name] > 0) continue;
            users.Remove(name);
            sets.Remove(name);
            changes.Add(name);
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
