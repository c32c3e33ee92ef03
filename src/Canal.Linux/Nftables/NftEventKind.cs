namespace Canal.Linux.Nftables;

/// <summary>What is known of a foreign change.</summary>
public enum NftEventKind
{
    /// <summary>It touched the table that is watched: read it again.</summary>
    TableChanged,

    /// <summary>It touched other tables only; the generation moved.</summary>
    OtherTableChanged,

    /// <summary>Events were lost: read again, whatever they said.</summary>
    Overrun,
}
