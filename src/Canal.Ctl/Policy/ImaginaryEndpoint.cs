using Canal.Core;
using Canal.Core.Addressing;
using Canal.Core.Labels;
using Canal.Core.Resources;

namespace Canal.Ctl;

/// <summary>Makes endpoints that exist only while policy is tested.</summary>
internal static class ImaginaryEndpoint
{
    private static readonly string[] Keys = ["name", "namespace", "labels", "profiles", "addresses", "ports", "service_account"];

    /// <summary>Where addresses come from when the file gives none: 240.0.0.0/4 is nobody's (RFC 1112), so that no policy means it.</summary>
    private static readonly Cidr Nowhere = Cidr.Parse("240.0.0.0/4");

    public static void Read(TomlFields fields, List<WorkloadEndpoint> endpoints)
    {
        fields.Only(Keys);
        string name = fields.Text("name") ?? "", space = fields.Text("namespace") ?? WantedReader.DefaultNamespace;
        WorkloadEndpointSpec spec = new()
        {
            Orchestrator = "test",
            Node = "test",
            Workload = name,
            Endpoint = "eth0",
            ServiceAccountName = fields.Text("service_account") ?? "",
            InterfaceName = "test",
            Profiles = fields.Texts("profiles").ToEquatableArray(),
            IpNetworks = Addresses(fields, endpoints.Count),
            Ports = Ports(fields),
        };
        if (WorkloadEndpointName.Of(spec).Print(out Problem problem) is not { } full)
        {
            fields.Fail("name", $"{Problem.Quote(name)}: {problem.Sentence}");
            return;
        }
        if (endpoints.Exists(other => other.Key.Name == full && other.Key.Namespace == space))
            fields.Fail("name", $"{Problem.Quote(name)} is there already");
        ResourceKey key = new(ResourceKind.WorkloadEndpoint, space, full);
        LabelMap labels = LabelMap.Create(fields.Pairs("labels")).With(WellKnownLabels.Namespace, space).With(WellKnownLabels.Orchestrator, spec.Orchestrator);
        endpoints.Add(new WorkloadEndpoint { Key = key, Metadata = new Metadata { Name = full, Namespace = space, Labels = labels }, Spec = spec });
    }

    private static EquatableArray<Cidr> Addresses(TomlFields fields, int index)
    {
        List<Cidr> addresses = [];
        foreach (string text in fields.Texts("addresses"))
        {
            if (IpAddress.TryParse(text, out IpAddress address))
                addresses.Add(new Cidr(address));
            else
                fields.Fail("addresses", $"{Problem.Quote(text)} is not an address");
        }
        return addresses.Count > 0 ? addresses.ToEquatableArray() : [new Cidr(Nowhere.AddressAt((UInt128)(index + 1)))];
    }

    /// <summary><c>http:8080/tcp</c></summary>
    private static EquatableArray<EndpointPort> Ports(TomlFields fields)
    {
        List<EndpointPort> ports = [];
        foreach (string text in fields.Texts("ports"))
        {
            string[] parts = text.Split(':', '/');
            if (parts.Length == 3 && ushort.TryParse(parts[1], out ushort number) && Protocol.FromText(parts[2]) is { Number: not null } protocol)
                ports.Add(new EndpointPort(parts[0], protocol, number));
            else
                fields.Fail("ports", $"{Problem.Quote(text)} is not NAME:PORT/PROTOCOL");
        }
        return ports.ToEquatableArray();
    }
}
