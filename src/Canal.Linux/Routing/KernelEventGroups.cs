namespace Canal.Linux.Routing;

/// <summary>Multicast groups of rtnetlink to listen to.</summary>
[Flags]
public enum KernelEventGroups
{
    None = 0,
    Links = 1,
    V4Addresses = 2,
    V6Addresses = 4,
    V4Routes = 8,
    V6Routes = 16,

    /// <summary>Neighbours and FDB entries; many on a busy host.</summary>
    Neighbours = 32,
    V4Rules = 64,
    V6Rules = 128,

    /// <summary>Settings of interfaces, as <see cref="InterfaceSettings"/>.</summary>
    Settings = 256,

    /// <summary>Qdiscs and filters.</summary>
    Traffic = 512,

    Addresses = V4Addresses | V6Addresses,
    Routes = V4Routes | V6Routes,
    Rules = V4Rules | V6Rules,
}
