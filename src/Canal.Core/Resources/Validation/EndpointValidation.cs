using Canal.Core.Addressing;

namespace Canal.Core.Resources;

/// <summary>The rules about endpoints.</summary>
internal static class EndpointValidation
{
    public static void Workload(Checked spec)
    {
        string @interface = spec.Text("interfaceName"), container = spec.Text("containerID");
        if (!Names.IsInterface(@interface)) spec.Fail("interfaceName", @interface.Length == 0 ? "is missing" : $"{Problem.Quote(@interface)} is not an interface's name{Names.OfInterfaces}");
        if (container.Length > 0 && !Names.IsContainerId(container)) spec.Fail("containerID", $"{Problem.Quote(container)} is not a container's id");
        spec.Mac("mac");
        List<IpAddress> own = [];
        foreach ((string path, Cidr network) in spec.Cidrs("ipNetworks"))
        {
            if (network.IsSingleAddress) own.Add(network.Address);
            else spec.Findings.Add(path, "has more than one address");
        }
        foreach (Checked nat in spec.Objects("ipNATs")) Nat(nat, own);
        spec.Address("ipv4Gateway", IpFamily.V4);
        spec.Address("ipv6Gateway", IpFamily.V6);
        foreach (Checked port in spec.Objects("ports")) WorkloadPort(port);
        Profiles(spec);
        PolicyValidation.Nets(spec, "allowSpoofedSourcePrefixes");
    }

    /// <summary>A translation, standing alone when there are no addresses to compare with.</summary>
    public static void Nat(Checked nat, List<IpAddress>? own)
    {
        IpAddress? inner = nat.Address("internalIP", null), outer = nat.Address("externalIP", null);
        if (inner is null && nat.Text("internalIP").Length == 0) nat.Fail("internalIP", "is missing");
        if (outer is null && nat.Text("externalIP").Length == 0) nat.Fail("externalIP", "is missing");
        if (inner is not { } mine || outer is not { } other) return;
        if (mine.Family != other.Family) nat.Fail("externalIP", "is not of the family of internalIP");
        if (own is not null && !own.Contains(mine)) nat.Fail("internalIP", "is not in ipNetworks");
    }

    public static void WorkloadPort(Checked port)
    {
        PortNumber(port);
        bool mapped = port.Integer("hostPort", 0, ushort.MaxValue) is > 0;
        PortName(port, required: !mapped);
        port.Address("hostIP", null);
    }

    private static void PortNumber(Checked port)
    {
        if (!port.Has("port")) port.Fail("port", "is missing");
        port.Integer("port", 1, ushort.MaxValue);
        string protocol = port.NumberOrText("protocol");
        if (!Protocol.FromText(protocol).SupportsPorts) port.Fail("protocol", protocol.Length == 0 ? "is missing" : $"{Problem.Quote(protocol)} has no ports: TCP, UDP and SCTP have");
    }

    private static void PortName(Checked port, bool required)
    {
        string name = port.Text("name");
        if (name.Length == 0 && required) port.Fail("name", "is missing");
        if (name.Length > 0 && !Names.IsPortName(name)) port.Fail("name", $"{Problem.Quote(name)} is not a port's name{Names.OfPorts}");
    }

    private static void Profiles(Checked spec)
    {
        foreach ((string path, string name) in spec.Texts("profiles"))
            if (!Names.IsName(name)) spec.Findings.Add(path, $"{Problem.Quote(name)} is not a profile's name{Names.OfResources}");
    }

    public static void Host(Checked spec)
    {
        string node = spec.Text("node"), @interface = spec.Text("interfaceName");
        if (!Names.IsName(node)) spec.Fail("node", node.Length == 0 ? "is missing" : $"{Problem.Quote(node)} is not a node's name{Names.OfResources}");
        if (@interface.Length > 0 && !Names.IsInterface(@interface)) spec.Fail("interfaceName", $"{Problem.Quote(@interface)} is not an interface's name{Names.OfInterfaces}");
        if (@interface.Length == 0 && !spec.Has("expectedIPs")) spec.Fail("interfaceName", "is missing, and so is expectedIPs");
        foreach ((string path, string text) in spec.Texts("expectedIPs"))
            if (!IpAddress.TryParse(text, out _)) spec.Findings.Add(path, $"{Problem.Quote(text)} is not an IP address");
        Profiles(spec);
        foreach (Checked port in spec.Objects("ports"))
        {
            PortNumber(port);
            PortName(port, required: true);
        }
    }
}
