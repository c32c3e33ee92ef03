using System.Text;

namespace Canal.Felix.Dataplane.Iptables;

/// <summary>What makes the whole of it from nothing: the scripts of ipset, iptables-restore and ip6tables-restore, as one text.</summary>
internal sealed record KeptScripts(string Sets, string V4, string V6)
{
    private const string Head = "# canal: iptables 1\n", Break = "# canal: next script\n";

    public byte[] ToBytes() => Encoding.UTF8.GetBytes(Head + string.Join(Break, Sets, V4, V6));

    /// <summary>Null when it is something else.</summary>
    public static KeptScripts? Parse(ReadOnlyMemory<byte> content)
    {
        if (!content.Span.StartsWith(Encoding.UTF8.GetBytes(Head))) return null;
        return Encoding.UTF8.GetString(content.Span)[Head.Length..].Split(Break) is [string sets, string v4, string v6] ? new KeptScripts(sets, v4, v6) : null;
    }
}
