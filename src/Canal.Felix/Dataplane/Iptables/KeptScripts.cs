namespace Canal.Felix.Dataplane.Iptables;

/// <summary>What makes the whole of it from nothing: the scripts of ipset, iptables-restore and ip6tables-restore, as one text.</summary>
internal sealed record KeptScripts(string Sets, string V4, string V6)
{
    private const string Break = "\n# canal: next script\n";

    public string ToText() => string.Join(Break, Sets, V4, V6);

    /// <summary>Null when it is something else.</summary>
    public static KeptScripts? Parse(string text) => text.Split(Break) is [string sets, string v4, string v6] ? new KeptScripts(sets, v4, v6) : null;
}
