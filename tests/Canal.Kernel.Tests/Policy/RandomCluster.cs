using Canal.Core;
using Canal.Core.Addressing;
using Canal.Core.Labels;
using Canal.Core.Policy;
using Canal.Core.Resources;
using Canal.Felix.Configuration;
using Canal.Testing;
using static Canal.Testing.ResourceBuilder;

namespace Canal.Kernel.Tests.Policy;

/// <summary>A random small cluster that changes step by step: four local workloads whose addresses stay, and around them everything that policy can be about.</summary>
internal sealed class RandomCluster(Random random)
{
    private static readonly string[] LocalNames = ["w0", "w1", "w2", "w3"];
    private static readonly byte[] IcmpV4Requests = [8, 13], IcmpV6Requests = [128, 139];

    private readonly RandomResources resources = new(random);
    private readonly Dictionary<ResourceKey, Resource> present = [];
    private readonly HashSet<(IpAddress, IpAddress, byte, int, int)> flows = [];
    private readonly List<WorkloadEndpoint> locals = [];
    private int icmpCount;

    internal static IEnumerable<string> Interfaces => LocalNames.Select(name => $"cali{name}");

    /// <summary>The cluster as it is.</summary>
    internal IEnumerable<Resource> Resources => present.Values;

    /// <summary>The workloads of the host under test.</summary>
    internal IReadOnlyList<WorkloadEndpoint> Locals => locals;

    internal FelixParameters AnyParameters() => new()
    {
        Deny = Maybe(0.3) ? DenyAction.Reject : DenyAction.Drop,
        EndpointToHost = Maybe(0.5) ? EndpointToHostAction.Accept : EndpointToHostAction.Drop,
        KeepInvalid = Maybe(0.2),
        SpoofingAllowed = Maybe(0.5),
        VxlanFromWorkloads = Maybe(0.3),
        IpipFromWorkloads = Maybe(0.3),
        FailsafeIn = Maybe(0.5) ? [new FailsafePort(IpProtocol.Tcp, null, 81), new FailsafePort(IpProtocol.Udp, Cidr.Parse("192.0.2.0/25"), 80)] : default,
        FailsafeOut = Maybe(0.5) ? [new FailsafePort(IpProtocol.Tcp, null, 443)] : default,
        LogLimit = Maybe(0.3) ? new RateLimit(10, 60, 5) : null,
        VariantsInLine = Maybe(0.3) ? 0 : new FelixParameters().VariantsInLine,
    };

    /// <summary>The first state, and what it takes to get there.</summary>
    internal List<(ResourceKey, Resource?)> Begin(Func<string, MacAddress> macOf)
    {
        List<(ResourceKey, Resource?)> changes = [];
        for (int i = 0; i < LocalNames.Length; i++)
            Put(changes, AnyLocal(i, macOf($"cali{LocalNames[i]}")));
        // What lets packets through at all; the rest of the cluster then takes some of it away.
        Put(changes, Open());
        for (int i = random.Next(10, 45); i > 0; i--) Change(changes);
        return changes;
    }

    /// <summary>A few changes: mostly something that is there becomes another, at times it vanishes.</summary>
    internal List<(ResourceKey, Resource?)> Step(Func<string, MacAddress> macOf)
    {
        List<(ResourceKey, Resource?)> changes = [];
        for (int i = random.Next(1, 6); i > 0; i--) Change(changes);
        int relabelled = random.Next(LocalNames.Length);
        if (Maybe(0.5)) Put(changes, AnyLocal(relabelled, macOf($"cali{LocalNames[relabelled]}")));
        return changes;
    }

    /// <summary>A packet of a flow that was not yet seen in either direction, to or from a local workload; at times with a source that is not the sender's.</summary>
    internal Trial AnyTrial()
    {
        while (true)
        {
            IpFamily family = Maybe(0.5) ? IpFamily.V4 : IpFamily.V6;
            if (Maybe(0.25) && AnyForeignTrial(family) is Trial foreign) return foreign;
            WorkloadEndpoint local = locals[random.Next(locals.Count)];
            WorkloadEndpoint? other = Maybe(0.6) ? locals[random.Next(locals.Count)] : null;
            if (local == other) continue;
            IpAddress far = other is null ? AnyRemote(family) : AddressOf(other, family);
            if (Maybe(0.5))
            {
                if (New(AnyContent(far, AddressOf(local, family)), other, local) is Trial inward) return inward;
                continue;
            }
            IpAddress source = Maybe(0.1) ? AnyRemote(family) : AddressOf(local, family);
            bool toHost = Maybe(0.15);
            if (toHost) (far, other) = (IpAddress.Parse(family == IpFamily.V4 ? PolicyHost.V4Address : PolicyHost.V6Address), null);
            if (New(AnyContent(source, far), local, other) is Trial outward && (!toHost || HostListener.Protocols.Contains(outward.Packet.Protocol))) return outward with { ToHost = toHost };
        }
    }

    /// <summary>From outside to the host itself, or through it to outside again.</summary>
    private Trial? AnyForeignTrial(IpFamily family)
    {
        bool toHost = Maybe(0.7);
        IpAddress target = toHost ? IpAddress.Parse(family == IpFamily.V4 ? PolicyHost.V4Address : PolicyHost.V6Address) : AnyRemote(family);
        return New(AnyContent(AnyRemote(family), target), null, null) is Trial trial && (!toHost || HostListener.Protocols.Contains(trial.Packet.Protocol)) ? trial with { ToHost = toHost } : null;
    }

    private Trial? New(Packet packet, WorkloadEndpoint? from, WorkloadEndpoint? to)
    {
        (int source, int destination) = packet.Protocol is IpProtocol.Icmp or IpProtocol.IcmpV6 ? (icmpCount++, (int)packet.IcmpType) : (packet.SourcePort, packet.DestinationPort);
        bool seen = flows.Contains((packet.Destination, packet.Source, packet.Protocol, destination, source)) || !flows.Add((packet.Source, packet.Destination, packet.Protocol, source, destination));
        return seen || packet.Source == packet.Destination ? null : new Trial(packet, from, to);
    }

    private Packet AnyContent(IpAddress source, IpAddress destination)
    {
        byte icmp = source.Family == IpFamily.V4 ? IpProtocol.Icmp : IpProtocol.IcmpV6;
        // Not UDP-Lite: connection tracking checks it with the protocol number of UDP in the pseudo-header and calls what is right invalid.
        byte protocol = One([IpProtocol.Tcp, IpProtocol.Tcp, IpProtocol.Tcp, IpProtocol.Udp, IpProtocol.Udp, icmp, icmp, (byte)253, IpProtocol.IpIp]);
        Packet packet = new(source, destination, protocol);
        if (protocol == icmp) return packet with { IcmpType = One(source.Family == IpFamily.V4 ? IcmpV4Requests : IcmpV6Requests), IcmpCode = (byte)random.Next(2) };
        if (protocol is 253 or IpProtocol.IpIp) return packet;
        int sourcePort = Maybe(0.2) ? One([80, 81, 90, 443]) : random.Next(1024, 65536);
        return packet with { SourcePort = (ushort)sourcePort, DestinationPort = One<ushort>([80, 80, 81, 81, 85, 90, 91, 443, 443, 4789, 5000]) };
    }

    private WorkloadEndpoint AnyLocal(int i, MacAddress mac)
    {
        WorkloadEndpoint any = resources.AnyWorkload();
        string profiles = Maybe(0.7) ? string.Join(',', any.Spec.Profiles.Append("open").Distinct()) : string.Join(',', any.Spec.Profiles.Distinct());
        // The namespace is part of the key: it stays with the name.
        WorkloadEndpoint endpoint = Workload(LocalNames[i], $"10.0.0.{i + 1}/32,fd00::{i + 1}/128", profiles: profiles, ns: i % 2 == 0 ? "default" : "x", serviceAccount: any.Spec.ServiceAccountName);
        LabelMap labels = any.Metadata.Labels.With(WellKnownLabels.Namespace, endpoint.Key.Namespace!);
        return endpoint with { Metadata = endpoint.Metadata with { Labels = labels }, Spec = endpoint.Spec with { Mac = mac, Ports = any.Spec.Ports, AllowSpoofedSourcePrefixes = Maybe(0.5) ? AnySpoofed() : default } };
    }

    private EquatableArray<Cidr> AnySpoofed() => [Cidr.Parse(One(["192.0.2.0/25", "10.0.0.0/28", "0.0.0.0/0"])), Cidr.Parse(One(["fd00::/124", "2001:db8::/48"]))];

    private void Change(List<(ResourceKey, Resource?)> changes)
    {
        if (present.Count > 20 && Maybe(0.4))
        {
            ResourceKey[] removable = [.. present.Keys.Where(k => !IsLocal(k) && k.Name != "open")];
            ResourceKey gone = removable[random.Next(removable.Length)];
            present.Remove(gone);
            changes.Add((gone, null));
            return;
        }
        Resource any = Maybe(0.3) ? Mostly(resources.AnyPolicy()) : resources.Any();
        if (any is WorkloadEndpoint) any = AnyRemoteWorkload();
        if (any is HostEndpoint) any = AnyHostEndpoint();
        if (any.Key != Open().Key) Put(changes, any);
    }

    /// <summary>A policy that ends in allowing: else hardly a packet would pass two policed ends.</summary>
    private static Resource Mostly(Resource policy) => policy switch
    {
        NetworkPolicy p => p.But(spec => spec with { Ingress = Opened(spec.Ingress), Egress = Opened(spec.Egress) }),
        GlobalNetworkPolicy p => p.But(spec => spec with { Ingress = Opened(spec.Ingress), Egress = Opened(spec.Egress) }),
        _ => policy,
    };

    private static EquatableArray<Rule> Opened(EquatableArray<Rule> rules) => rules.Count % 2 == 0 ? rules : rules.Append(Allow()).ToEquatableArray();

    private WorkloadEndpoint AnyRemoteWorkload()
    {
        WorkloadEndpoint any = resources.AnyWorkload();
        int i = random.Next(3);
        WorkloadEndpoint made = Workload($"r{i}", $"10.0.0.{i + 5},fd00::{i + 5}", profiles: string.Join(',', any.Spec.Profiles.Distinct()), node: "h2", ns: One(["default", "x"]));
        LabelMap labels = any.Metadata.Labels.With(WellKnownLabels.Namespace, made.Key.Namespace!);
        return made with { Metadata = made.Metadata with { Labels = labels }, Spec = made.Spec with { Ports = any.Spec.Ports } };
    }

    /// <summary>Of the host under test, more often than not of the interface that has policy's outside behind it.</summary>
    private HostEndpoint AnyHostEndpoint()
    {
        HostEndpoint any = resources.AnyHost();
        return any with { Node = ThisNode, InterfaceName = One([PolicyHost.External, PolicyHost.External, "", HostEndpoint.AllInterfaces, HostEndpoint.AllInterfaces]), ExpectedIps = [IpAddress.Parse(PolicyHost.V6Address)], Profiles = Maybe(0.5) ? ["open"] : any.Profiles };
    }

    private void Put(List<(ResourceKey, Resource?)> changes, Resource resource)
    {
        present[resource.Key] = resource;
        changes.Add((resource.Key, resource));
        if (!IsLocal(resource.Key)) return;
        locals.RemoveAll(w => w.Key == resource.Key);
        locals.Add((WorkloadEndpoint)resource);
    }

    private static bool IsLocal(ResourceKey key) => key.Kind == ResourceKind.WorkloadEndpoint && key.Name.StartsWith($"{ThisNode}-", StringComparison.Ordinal);

    private IpAddress AnyRemote(IpFamily family) => IpAddress.Parse(family == IpFamily.V4
        ? One([$"10.0.0.{random.Next(5, 9)}", "192.0.2.0", "192.0.2.60", "192.0.2.120", "198.51.100.7"])
        : One([$"fd00::{random.Next(5, 9)}", "2001:db8::1", "2001:db8:1::1"]));

    private static IpAddress AddressOf(WorkloadEndpoint workload, IpFamily family) => workload.Spec.IpNetworks.First(n => n.Family == family).Address;

    private T One<T>(T[] choices) => choices[random.Next(choices.Length)];

    private bool Maybe(double probability) => random.NextDouble() < probability;
}
