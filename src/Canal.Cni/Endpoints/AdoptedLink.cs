using Canal.Core.Addressing;
using Canal.Linux.Namespaces;
using Canal.Linux.Routing;
using Canal.Workloads;

namespace Canal.Cni;

/// <summary>An interface that a plugin before this one in the list made, as <c>bridge</c> or <c>ptp</c>: its host's end leaves the bridge and gets the name
/// of a workload's, so that its packets are routed under policy. Inside the container nothing changes; the host answers for the gateway and the neighbours.</summary>
internal sealed class AdoptedLink
{
    private readonly Link outside;
    private readonly string name;

    private AdoptedLink(Link outside, MacAddress mac, string name)
    {
        this.outside = outside;
        this.name = name;
        Mac = mac;
    }

    /// <summary>Of the container's end.</summary>
    public MacAddress Mac { get; }

    public static AdoptedLink Find(string netns, string ifName, string name)
    {
        Link inside = NetworkNamespace.Run(netns, () =>
        {
            using NetlinkRouteStack stack = NetlinkRouteStack.Open();
            return stack.FindLink(ifName) ?? throw new CniException(CniCode.Configuration, $"prevResult: {ifName} does not exist in {netns}");
        });
        using NetlinkRouteStack host = NetlinkRouteStack.Open();
        Link? outside = inside.Kind == "veth" ? host.Links().FirstOrDefault(link => link.Index == inside.Parent && link.Kind == "veth") : null;
        if (outside is null || inside.Mac is not { } mac) throw new CniException(CniCode.Configuration, $"prevResult: {ifName} is not one end of a veth whose other end is on this host");
        return new AdoptedLink(outside, mac, name);
    }

    public void Adopt()
    {
        using NetlinkRouteStack host = NetlinkRouteStack.Open();
        int index = outside.Index;
        // Kernels before 6.2 rename only what is down.
        host.Apply(KernelChange.SetUp(index, false));
        host.Apply(KernelChange.Set(new LinkSettings { Index = index, Master = outside.Master == 0 ? null : 0, Mac = HostInterface.Mac, Name = outside.Name == name ? null : name }));
        HostInterface.Prepare(name, v6: true);
        host.Apply(KernelChange.SetUp(index, true));
    }

    /// <summary>What was there before, with the new name.</summary>
    public CniResult Result(CniResult before) => before with
    {
        Interfaces = [.. before.Interfaces.Select(link => link.Name == outside.Name && link.Sandbox.Length == 0 ? link with { Name = name, Mac = HostInterface.Mac.ToString() } : link)],
    };
}
