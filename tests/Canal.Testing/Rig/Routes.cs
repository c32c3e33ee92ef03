namespace Canal.Testing.Rig;

/// <summary>What a host's kernel holds for one workload address, as iproute2 prints it.</summary>
public static class Routes
{
    /// <summary>The main table's route to exactly this address, or an empty string.</summary>
    public static string Of(RigNode host, string address)
    {
        string family = address.Contains(':', StringComparison.Ordinal) ? "-6" : "-4";
        return host.Shell($"ip {family} -d route show exact {address}").Trim();
    }

    /// <summary>The neighbour entry of an address on an interface, or an empty string.</summary>
    public static string Neighbour(RigNode host, string address, string interfaceName) => host.Shell($"ip neigh show {address} dev {interfaceName}").Trim();
}
