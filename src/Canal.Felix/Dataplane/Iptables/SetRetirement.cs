using Canal.Linux.Iptables;

namespace Canal.Felix.Dataplane.Iptables;

/// <summary>Takes sets away that nothing of ours looks up any more. With the nft flavour the kernel lets go of a set a moment after the rule is gone; others may use it, too.</summary>
internal sealed class SetRetirement(IIptables kernel)
{
    /// <summary>Removes what can be from the kernel and from the collection; returns what is still in use.</summary>
    public HashSet<string> Run(HashSet<string> sets)
    {
        string[] names = [.. sets];
        HashSet<string> inUse = new(StringComparer.Ordinal);
        for (int from = 0; from < names.Length;)
        {
            try
            {
                kernel.RestoreSets(string.Concat(names[from..].Select(name => $"destroy {name}\n")));
                break;
            }
            catch (IptablesException e) when (e.Line is int line && line >= 1 && from + line <= names.Length)
            {
                from += line;
                inUse.Add(names[from - 1]);
            }
        }
        sets.IntersectWith(inUse);
        return inUse;
    }
}
