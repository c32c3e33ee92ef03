namespace Canal.Core.Policy;

/// <summary>Where on a packet's way policies are asked. Workload endpoints know only <see cref="Normal"/>; host endpoints have a list of tiers for each.</summary>
public enum PolicyStage : byte
{
    /// <summary>Policies with neither <c>doNotTrack</c> nor <c>preDNAT</c>, for packets to and from the endpoint itself.</summary>
    Normal,

    /// <summary><c>doNotTrack</c>: before connection tracking. Who is allowed is not tracked and not asked again.</summary>
    Untracked,

    /// <summary><c>preDNAT</c>: incoming packets with the destination they were sent to. Who is allowed is not asked again at the host endpoint.</summary>
    PreDnat,

    /// <summary>Normal policies with <c>applyOnForward</c>, for packets that are passed on.</summary>
    Forward,
}
