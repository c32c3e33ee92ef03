namespace Canal.Felix.Drops;

/// <summary>Where denied packets are told.</summary>
public enum DropLog
{
    /// <summary>Nowhere: rules do not log.</summary>
    Off,

    /// <summary>To who asks over the control socket.</summary>
    Socket,

    /// <summary>In the journal too.</summary>
    Journal,
}
