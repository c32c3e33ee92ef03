namespace Canal.Linux.WireGuard;

/// <summary>A family of generic netlink: its messages are of the type that the kernel has given it.</summary>
internal sealed record GenericFamily(string Name, ushort Number);
