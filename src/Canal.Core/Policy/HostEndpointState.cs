namespace Canal.Core.Policy;

/// <summary>How a host endpoint is, in Calico's words.</summary>
public enum HostEndpointState
{
    /// <summary>It governs at least one interface, and all that it governs are up.</summary>
    Up,

    /// <summary>It governs an interface that is down.</summary>
    Down,

    /// <summary>It governs no interface.</summary>
    Error,
}
