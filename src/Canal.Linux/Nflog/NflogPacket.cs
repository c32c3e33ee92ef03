namespace Canal.Linux.Nflog;

/// <summary>What the kernel tells of a packet that a rule logged.</summary>
/// <param name="Prefix">The rule's.</param>
/// <param name="Input">Index of the interface it came in by; 0 when a process of this host sent it.</param>
/// <param name="Output">Index of the interface it is to leave by; 0 before routing, and when it is for this host.</param>
/// <param name="Flow">Who speaks to whom.</param>
public readonly record struct NflogPacket(string Prefix, int Input, int Output, PacketFlow Flow);
