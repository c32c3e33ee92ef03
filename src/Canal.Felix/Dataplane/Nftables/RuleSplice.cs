namespace Canal.Felix.Dataplane.Nftables;

/// <summary>How many rules at the head and at the tail of a chain stay when its rules become others.</summary>
internal readonly record struct RuleSplice(int Head, int Tail)
{
    /// <summary>Anything stays.</summary>
    public bool Keeps => Head + Tail > 0;

    public static RuleSplice Of(RenderedChain wanted, HeldChain held)
    {
        int most = Math.Min(wanted.Rules.Count, held.Rules.Count), head = 0, tail = 0;
        while (head < most && wanted.Rules[head].Identity == held.Rules[head]) head++;
        while (tail < most - head && wanted.Rules[wanted.Rules.Count - 1 - tail].Identity == held.Rules[held.Rules.Count - 1 - tail]) tail++;
        return new RuleSplice(head, tail);
    }
}
