using System.Globalization;
using Canal.Core.Addressing;
using Canal.Core.IpSets;

namespace Canal.Felix.Dataplane.Iptables;

/// <summary>A set of ours as it was read.</summary>
/// <param name="Type"><c>hash:ip</c> and the like.</param>
/// <param name="Most">How many members it has room for.</param>
internal sealed record HeldSet(string Type, long Most = long.MaxValue)
{
    /// <summary>ipset's, where the set does not say.</summary>
    private const long UsualMost = 65_536;

    /// <summary>How large it is.</summary>
    public SetSize Size => Type == IpsetText.PortBitmap ? SetSize.Ports : new SetSize(Most, Prefixes.Count + Ports.Count + Odd.Count);

    public HashSet<Cidr> Prefixes { get; } = [];

    public HashSet<PortMember> Ports { get; } = [];

    /// <summary>Of a bitmap.</summary>
    public HashSet<ushort> Numbers { get; } = [];

    /// <summary>Members in words that are not known here, as they were printed.</summary>
    public List<string> Odd { get; } = [];

    /// <summary>Reads what <c>ipset save</c> printed: our sets by name; all others are passed over.</summary>
    public static Dictionary<string, HeldSet> ReadAll(string saved)
    {
        Dictionary<string, HeldSet> sets = new(StringComparer.Ordinal);
        HeldSet? current = null;
        string name = "";
        foreach (ReadOnlySpan<char> line in saved.AsSpan().EnumerateLines())
        {
            if (line.StartsWith("create "))
            {
                string[] words = line.ToString().Split(' ', 4);
                (name, current) = (words[1], words[1].StartsWith(IptablesNames.Prefix, StringComparison.Ordinal) ? new HeldSet(words[2], MostOf(words)) : null);
                if (current is not null) sets[name] = current;
            }
            else if (current is not null && line.StartsWith("add ")) current.Add(line[("add ".Length + name.Length + 1)..]);
        }
        return sets;
    }

    /// <summary><c>create NAME TYPE family inet hashsize 1024 maxelem 65536</c></summary>
    private static long MostOf(string[] words)
    {
        string[] options = words.Length > 3 ? words[3].Split(' ') : [];
        int at = Array.IndexOf(options, "maxelem") + 1;
        return at > 0 && at < options.Length && long.TryParse(options[at], CultureInfo.InvariantCulture, out long most) ? most : UsualMost;
    }

    private void Add(ReadOnlySpan<char> member)
    {
        int options = member.IndexOf(' ');
        ReadOnlySpan<char> text = options < 0 ? member : member[..options];
        if (Type == IpsetText.PortBitmap && ushort.TryParse(text, out ushort number)) Numbers.Add(number);
        else if (Type == IpsetText.AddressPorts && IpsetText.TryParsePort(text, out PortMember port)) Ports.Add(port);
        else if (IpAddress.TryParse(text, out IpAddress address)) Prefixes.Add(new Cidr(address));
        else if (Cidr.TryParse(text, out Cidr prefix)) Prefixes.Add(prefix);
        else Odd.Add(text.ToString());
    }
}
