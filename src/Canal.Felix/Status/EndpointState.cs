namespace Canal.Felix.Status;

/// <summary>How a local endpoint is, in Calico's words.</summary>
internal enum EndpointState
{
    /// <summary>Its policy and wiring are in the kernel and its interface is up.</summary>
    Up,

    /// <summary>Its interface is missing or down.</summary>
    Down,

    /// <summary>The kernel refused something, or its interface is no workload's.</summary>
    Error,
}
