namespace Canal.Linux.Routing;

/// <summary>What to do with the subject of a <see cref="KernelChange"/>.</summary>
public enum ChangeVerb : byte
{
    /// <summary>Make it; EEXIST when it is there (NLM_F_CREATE, NLM_F_EXCL).</summary>
    Add,

    /// <summary>Make it or put it in the place of what has the same key (NLM_F_CREATE, NLM_F_REPLACE).</summary>
    Replace,

    /// <summary>Take it away; ESRCH, ENOENT, ENODEV or EADDRNOTAVAIL when it is not there.</summary>
    Delete,

    /// <summary>Change settings of a link that is there.</summary>
    Set,
}
