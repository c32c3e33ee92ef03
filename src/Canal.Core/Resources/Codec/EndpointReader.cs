using Canal.Core.Addressing;

namespace Canal.Core.Resources;

/// <summary>Reads endpoints. An endpoint whose identity on the host is in doubt (interface, hardware address, addresses) is no endpoint.</summary>
internal static class EndpointReader
{
    private const int Buffer = 160;

    public static WorkloadEndpointSpec ReadWorkload(ref JsonScanner json)
    {
        string orchestrator = "", workload = "", node = "", container = "", pod = "", endpoint = "", account = "", @interface = "";
        EquatableArray<Cidr> networks = default, spoofed = default;
        List<(IpNat Nat, long Position)>? nats = null;
        IpAddress? gateway4 = null, gateway6 = null;
        EquatableArray<string> profiles = default;
        MacAddress? mac = null;
        EquatableArray<EndpointPort> ports = default;
        QosControls? qos = null;
        if (!json.BeginObject()) return new();
        while (json.NextField())
        {
            if (json.Is("orchestrator"u8)) orchestrator = json.SharedText();
            else if (json.Is("node"u8)) node = json.SharedText();
            else if (json.Is("containerID"u8)) container = json.Text();
            else if (json.Is("endpoint"u8)) endpoint = json.SharedText();
            else if (json.Is("ipNetworks"u8)) networks = ReadNetworks(ref json);
            else if (json.Is("profiles"u8)) profiles = json.Texts();
            else if (json.Is("interfaceName"u8)) @interface = json.Text();
            else if (json.Is("mac"u8)) mac = ReadMac(ref json);
            else if (json.Is("ports"u8)) ports = ReadPorts(ref json);
            else if (json.Is("workload"u8)) workload = json.Text();
            else if (json.Is("pod"u8)) pod = json.Text();
            else if (json.Is("serviceAccountName"u8)) account = json.SharedText();
            else if (json.Is("ipNATs"u8)) nats = ReadNats(ref json);
            else if (json.Is("ipv4Gateway"u8)) gateway4 = json.AddressOrDrop();
            else if (json.Is("ipv6Gateway"u8)) gateway6 = json.AddressOrDrop();
            else if (json.Is("allowSpoofedSourcePrefixes"u8)) spoofed = json.Cidrs();
            else if (json.Is("qosControls"u8)) qos = QosReader.Read(ref json);
            else json.SkipValue();
        }
        return new WorkloadEndpointSpec
        {
            Orchestrator = orchestrator,
            Workload = workload,
            Node = node,
            ContainerId = container,
            Pod = pod,
            Endpoint = endpoint,
            ServiceAccountName = account,
            IpNetworks = networks,
            IpNats = OwnNats(ref json, nats, networks),
            Gateways = Pair(gateway4, gateway6),
            Profiles = profiles,
            InterfaceName = @interface,
            Mac = mac,
            Ports = ports,
            AllowSpoofedSourcePrefixes = spoofed,
            QosControls = qos,
        };
    }

    /// <summary>Fails the endpoint for what it lacks.</summary>
    public static void Require(ref JsonScanner json, WorkloadEndpointSpec spec)
    {
        if (json.Failed) return;
        if (spec.InterfaceName.Length == 0) json.FailAt("spec.interfaceName", "is missing");
        else if (spec.IpNetworks.IsEmpty) json.FailAt("spec.ipNetworks", "is empty; the endpoint is not finished");
    }

    private static EquatableArray<IpAddress> Pair(IpAddress? one, IpAddress? other) => (one, other) switch
    {
        (null, null) => default,
        ({ } only, null) => [only],
        (null, { } only) => [only],
        ({ } first, { } second) => [first, second],
    };

    private static EquatableArray<Cidr> ReadNetworks(ref JsonScanner json)
    {
        Span<char> buffer = stackalloc char[64];
        Span<Cidr> few = stackalloc Cidr[4];
        int count = 0;
        List<Cidr>? more = null;
        if (!json.BeginArray()) return default;
        while (json.NextItem())
        {
            ReadOnlySpan<char> text = buffer[..json.Characters(buffer)];
            if (!Cidr.TryParse(text, out Cidr cidr)) json.Fail($"{Problem.Quote(text)} is not a CIDR");
            else if (count < few.Length) few[count++] = cidr;
            else (more ??= [.. few]).Add(cidr);
        }
        return more is null ? EquatableArray.Create<Cidr>(few[..count]) : more.ToEquatableArray();
    }

    private static MacAddress? ReadMac(ref JsonScanner json)
    {
        Span<char> buffer = stackalloc char[64];
        ReadOnlySpan<char> text = buffer[..json.Characters(buffer)];
        if (text.IsEmpty) return null;
        if (MacAddress.TryParse(text, out MacAddress mac)) return mac;
        json.Fail($"{Problem.Quote(text)} is not a MAC address");
        return null;
    }

    private static EquatableArray<EndpointPort> ReadPorts(ref JsonScanner json)
    {
        if (!json.BeginArray()) return default;
        List<EndpointPort> ports = new(1);
        while (json.NextItem())
        {
            long start = json.Position;
            if (json.BeginObject() && ReadPort(ref json, start) is { } port) ports.Add(port);
        }
        return ports.ToEquatableArray();
    }

    private static EndpointPort? ReadPort(ref JsonScanner json, long start)
    {
        string name = "";
        Protocol? protocol = null;
        ushort? number = null;
        while (json.NextField())
        {
            if (json.Is("name"u8)) name = json.SharedText();
            else if (json.Is("protocol"u8)) protocol = RuleReader.ReadProtocol(ref json);
            else if (json.Is("port"u8)) number = (ushort?)json.Integer(0, ushort.MaxValue);
            else json.SkipValue();
        }
        if (json.Failed) return null;
        if (protocol is { } known && number is { } port) return new EndpointPort(name, known, port);
        json.FailFrom(start, protocol is null ? "has no protocol" : "has no port");
        return null;
    }

    private static List<(IpNat Nat, long Position)>? ReadNats(ref JsonScanner json)
    {
        if (!json.BeginArray()) return null;
        List<(IpNat Nat, long Position)> nats = [];
        while (json.NextItem())
        {
            IpAddress? inner = null, outer = null;
            long start = json.Position;
            if (!json.BeginObject()) continue;
            while (json.NextField())
            {
                if (json.Is("internalIP"u8)) inner = json.AddressOrDrop();
                else if (json.Is("externalIP"u8)) outer = json.AddressOrDrop();
                else json.SkipValue();
            }
            if (inner is not { } own || outer is not { } other) continue;
            if (own.Family == other.Family) nats.Add((new IpNat(own, other), start));
            else json.NoteFrom(start, $"translates {other} to {own}, an address of another family; it is left out");
        }
        return nats;
    }

    /// <summary>Those that lead to the endpoint: with another, it would draw to itself, or to the host, what is meant for others.</summary>
    private static EquatableArray<IpNat> OwnNats(ref JsonScanner json, List<(IpNat Nat, long Position)>? nats, EquatableArray<Cidr> networks)
    {
        if (json.Failed || nats is null) return default;
        List<IpNat> own = [];
        foreach ((IpNat nat, long position) in nats)
        {
            if (networks.Any(n => n.Address == nat.Internal)) own.Add(nat);
            else json.NoteFrom(position, $"translates {nat.External} to {nat.Internal}, which is no address of the endpoint; it is left out");
        }
        return own.ToEquatableArray();
    }

    public static HostEndpoint ReadHost(ref JsonScanner json, HostEndpoint host)
    {
        if (!json.BeginObject()) return host;
        while (json.NextField())
        {
            if (json.Is("node"u8)) host = host with { Node = json.SharedText() };
            else if (json.Is("interfaceName"u8)) host = host with { InterfaceName = json.SharedText() };
            else if (json.Is("expectedIPs"u8)) host = host with { ExpectedIps = ReadExpected(ref json) };
            else if (json.Is("profiles"u8)) host = host with { Profiles = json.Texts() };
            else if (json.Is("ports"u8)) host = host with { Ports = ReadPorts(ref json) };
            else json.SkipValue();
        }
        return host;
    }

    /// <summary>Fails the endpoint for what it lacks.</summary>
    public static void Require(ref JsonScanner json, HostEndpoint host)
    {
        if (json.Failed) return;
        if (host.Node.Length == 0) json.FailAt("spec.node", "is missing");
        else if (host.InterfaceName.Length == 0 && host.ExpectedIps.IsEmpty) json.FailAt("spec.interfaceName", "is missing, and so is expectedIPs");
    }

    private static EquatableArray<IpAddress> ReadExpected(ref JsonScanner json)
    {
        Span<char> buffer = stackalloc char[Buffer];
        if (!json.BeginArray()) return default;
        List<IpAddress> addresses = [];
        while (json.NextItem())
        {
            ReadOnlySpan<char> text = buffer[..json.Characters(buffer)];
            if (IpAddress.TryParse(text, out IpAddress address)) addresses.Add(address);
            else json.Fail($"{Problem.Quote(text)} is not an IP address");
        }
        return addresses.ToEquatableArray();
    }
}
