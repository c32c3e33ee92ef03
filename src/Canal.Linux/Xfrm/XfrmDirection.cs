namespace Canal.Linux.Xfrm;

/// <summary>Which packets a policy is asked about.</summary>
public enum XfrmDirection : byte
{
    /// <summary>For this host.</summary>
    In = 0,

    /// <summary>Leaving it, its own and forwarded ones.</summary>
    Out = 1,

    /// <summary>Came in and is forwarded.</summary>
    Forward = 2,
}
