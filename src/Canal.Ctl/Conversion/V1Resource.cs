using System.Text.Json.Nodes;
using Canal.Core.Addressing;
using Canal.Core.Resources;

namespace Canal.Ctl;

/// <summary>A resource of Calico 1 and 2 (<c>apiVersion: v1</c>) in the form of Calico 3, converted as calicoctl does it. Policies of the default tier have their
/// name without the tier's, as Canal and Calico since 3.32 write them.</summary>
internal static class V1Resource
{
    /// <summary>What they have as apiVersion.</summary>
    public const string Version = "v1";

    public const string OldNamespaceLabel = "calico/k8s_ns", NamespaceLabel = "projectcalico.org/namespace";

    private static readonly Dictionary<string, (ResourceKind Kind, Action<V1Fields, V1Fields, ResourceDocument> Convert)> Kinds = new(StringComparer.OrdinalIgnoreCase)
    {
        ["policy"] = (ResourceKind.GlobalNetworkPolicy, Policy),
        ["profile"] = (ResourceKind.Profile, Profile),
        ["hostEndpoint"] = (ResourceKind.HostEndpoint, HostEndpoint),
        ["workloadEndpoint"] = (ResourceKind.WorkloadEndpoint, WorkloadEndpoint),
        ["ipPool"] = (ResourceKind.IPPool, Pool),
        ["node"] = (ResourceKind.Node, Node),
        ["bgpPeer"] = (ResourceKind.BGPPeer, Peer),
    };

    /// <summary>Converts; null with problems added when it is none.</summary>
    public static ResourceDocument? Convert(JsonObject old, List<Problem> problems)
    {
        V1Fields root = new("", (JsonObject)old.DeepClone(), problems);
        string version = root.Text("apiVersion"), word = root.Text("kind");
        if (version != Version)
        {
            root.Fail("apiVersion", version == ResourceCodec.ApiVersion ? "is Calico 3's already" : $"{Problem.Quote(version)} is not {Version}");
            return null;
        }
        if (!Kinds.TryGetValue(word, out (ResourceKind Kind, Action<V1Fields, V1Fields, ResourceDocument> Convert) kind))
        {
            root.Fail("kind", $"{Problem.Quote(word)} is not one of {string.Join(", ", Kinds.Keys)}");
            return null;
        }
        ResourceDocument converted = ResourceDocument.From(new JsonObject { ["apiVersion"] = ResourceCodec.ApiVersion, ["kind"] = ResourceKinds.Of(kind.Kind).Name, ["metadata"] = new JsonObject(), ["spec"] = new JsonObject() });
        V1Fields metadata = root.Object("metadata"), spec = root.Object("spec");
        kind.Convert(metadata, spec, converted);
        foreach (V1Fields fields in (V1Fields[])[metadata, spec, root])
            fields.End();
        return converted;
    }

    private static void Policy(V1Fields metadata, V1Fields old, ResourceDocument policy)
    {
        string tier = metadata.Text("tier") is { Length: > 0 } given ? V1Names.WithoutDots(given) : PolicySpec.DefaultTier, name = V1Names.WithoutDots(Name(metadata));
        policy.Name = tier == PolicySpec.DefaultTier ? name : $"{tier}.{name}";
        policy.Annotations = metadata.Labels("annotations");
        JsonObject spec = policy.Spec!;
        bool ingress = Rules(old, spec, "ingress"), egress = Rules(old, spec, "egress"), doNotTrack = old.Flag("doNotTrack"), preDnat = old.Flag("preDNAT");
        spec["tier"] = tier;
        Put(spec, "order", old.Take("order"));
        Put(spec, "selector", V1Rule.Selector(old.Text("selector")));
        spec["types"] = Types(old.Texts("types"), ingress, egress);
        Put(spec, "doNotTrack", doNotTrack);
        Put(spec, "preDNAT", preDnat);
        // Such policies were always for forwarded packets too; Calico 3 wants that said.
        Put(spec, "applyOnForward", doNotTrack || preDnat);
    }

    private static JsonArray Types(List<string> given, bool ingress, bool egress)
    {
        string[] types = given.Count > 0 ? [.. given.Select(word => word.ToLowerInvariant() switch { "ingress" => "Ingress", "egress" => "Egress", _ => word })]
            : egress ? ingress ? ["Ingress", "Egress"] : ["Egress"] : ["Ingress"];
        return Texts(types);
    }

    private static void Profile(V1Fields metadata, V1Fields old, ResourceDocument profile)
    {
        profile.Name = V1Names.Profile(Name(metadata));
        LabelMap labels = metadata.Labels("labels");
        foreach (string tag in metadata.Texts("tags"))
        {
            if (labels[tag] is not null)
                metadata.Fail("tags", $"{Problem.Quote(tag)} is a label of the profile too: tags become labels, so one of them needs another name");
            labels = labels.With(tag, "");
        }
        JsonObject applied = [];
        foreach ((string key, string value) in labels)
            applied[key] = value;
        if (applied.Count > 0)
            profile.Spec!["labelsToApply"] = applied;
        Rules(old, profile.Spec!, "ingress");
        Rules(old, profile.Spec!, "egress");
    }

    private static void HostEndpoint(V1Fields metadata, V1Fields old, ResourceDocument endpoint)
    {
        string node = V1Names.Node(metadata.Text("node"));
        endpoint.Name = V1Names.Of($"{node}.{Name(metadata)}");
        endpoint.Labels = metadata.Labels("labels");
        JsonObject spec = endpoint.Spec!;
        spec["node"] = node;
        Put(spec, "interfaceName", old.Text("interfaceName"));
        Put(spec, "expectedIPs", old.Texts("expectedIPs"));
        Put(spec, "profiles", old.Texts("profiles").Select(V1Names.Profile));
        Ports(old, spec);
    }

    /// <summary>Its name follows from the spec.</summary>
    private static void WorkloadEndpoint(V1Fields metadata, V1Fields old, ResourceDocument endpoint)
    {
        LabelMap labels = metadata.Labels("labels");
        endpoint.Labels = labels[OldNamespaceLabel] is { } space ? labels.Without(OldNamespaceLabel).With(NamespaceLabel, space) : labels;
        JsonObject spec = endpoint.Spec!;
        spec["node"] = V1Names.Node(metadata.Text("node"));
        spec["endpoint"] = V1Names.Of(Name(metadata));
        endpoint.Namespace = Workload(metadata, metadata.Text("workload"), spec);
        // Only with addresses of their own, not networks: host bits would be lost.
        Put(spec, "ipNetworks", old.Texts("ipNetworks"));
        Put(spec, "profiles", old.Texts("profiles").Select(V1Names.Profile));
        foreach (string name in (string[])["interfaceName", "mac", "ipv4Gateway", "ipv6Gateway"])
            Put(spec, name, old.Text(name));
        Put(spec, "ipNATs", old.Take("ipNATs"));
        Ports(old, spec);
    }

    /// <summary>Says in the spec whose endpoint it is, in the terms of its orchestrator.</summary>
    /// <returns>The namespace.</returns>
    private static string Workload(V1Fields metadata, string workload, JsonObject spec)
    {
        string orchestrator = metadata.Text("orchestrator"), instance = metadata.Text("activeInstanceID"), space = WantedReader.DefaultNamespace;
        spec["orchestrator"] = V1Names.Of(orchestrator);
        switch (orchestrator)
        {
            case "k8s":
                int dot = workload.IndexOf('.', StringComparison.Ordinal);
                if (dot <= 0)
                    metadata.Fail("workload", $"{Problem.Quote(workload)} is not NAMESPACE.POD");
                else
                    (space, spec["pod"]) = (workload[..dot], workload[(dot + 1)..]);
                Put(spec, "containerID", instance);
                break;
            case "cni":
                spec["containerID"] = workload;
                break;
            default:
                spec["workload"] = orchestrator == "libnetwork" ? orchestrator : V1Names.Of(workload);
                break;
        }
        return space;
    }

    private static void Pool(V1Fields metadata, V1Fields old, ResourceDocument pool)
    {
        string text = metadata.Text("cidr");
        if (!Cidr.TryParse(text, out Cidr cidr))
            metadata.Fail("cidr", $"{Problem.Quote(text)} is not a range of addresses");
        pool.Name = cidr.ToString().Replace('.', '-').Replace(':', '-').Replace('/', '-');
        JsonObject spec = pool.Spec!;
        spec["cidr"] = cidr.ToString();
        V1Fields tunnel = old.Object("ipip");
        bool enabled = tunnel.Flag("enabled");
        string mode = tunnel.Text("mode");
        tunnel.End();
        spec["ipipMode"] = !enabled ? "Never" : mode.Equals("cross-subnet", StringComparison.OrdinalIgnoreCase) ? "CrossSubnet" : "Always";
        Put(spec, "natOutgoing", old.Flag("nat-outgoing"));
        Put(spec, "disabled", old.Flag("disabled"));
    }

    private static void Node(V1Fields metadata, V1Fields old, ResourceDocument node)
    {
        node.Name = V1Names.Node(Name(metadata));
        V1Fields bgp = old.Object("bgp");
        JsonObject converted = [];
        foreach (string name in (string[])["asNumber", "ipv4Address", "ipv6Address"])
            Put(converted, name, bgp.Take(name));
        bgp.End();
        if (converted.Count > 0)
            node.Spec!["bgp"] = converted;
        Put(node.Spec!, "orchRefs", old.Take("orchRefs"));
    }

    private static void Peer(V1Fields metadata, V1Fields old, ResourceDocument peer)
    {
        string text = metadata.Text("peerIP"), scope = metadata.Text("scope"), node = V1Names.Node(metadata.Text("node"));
        if (!IpAddress.TryParse(text, out IpAddress address))
            metadata.Fail("peerIP", $"{Problem.Quote(text)} is not an address");
        if (scope is not ("global" or "node") || (scope == "node") != (node.Length > 0))
            metadata.Fail("scope", "must be global, without a node, or node, with one");
        string name = address.Family == IpFamily.V4 ? address.ToString().Replace('.', '-') : Expanded(address);
        peer.Name = node.Length == 0 ? name : $"{node}.{name}";
        JsonObject spec = peer.Spec!;
        Put(spec, "node", node);
        spec["peerIP"] = address.ToString();
        Put(spec, "asNumber", old.Take("asNumber"));
    }

    /// <summary>Eight groups of four digits, with dashes between.</summary>
    private static string Expanded(IpAddress address) =>
        string.Join('-', System.Net.IPAddress.Parse(address.ToString()).GetAddressBytes().Chunk(2).Select(Convert));

    private static string Convert(byte[] group) => System.Convert.ToHexStringLower(group);

    private static string Name(V1Fields metadata)
    {
        string name = metadata.Text("name");
        if (name.Length == 0)
            metadata.Fail("name", "is missing");
        return name;
    }

    private static bool Rules(V1Fields old, JsonObject spec, string direction)
    {
        JsonArray rules = V1Rule.ConvertAll(old.Objects(direction));
        if (rules.Count > 0)
            spec[direction] = rules;
        return rules.Count > 0;
    }

    private static void Ports(V1Fields old, JsonObject spec)
    {
        JsonArray ports = [];
        foreach (V1Fields port in old.Objects("ports"))
        {
            ports.Add((JsonNode)new JsonObject { ["name"] = port.Take("name"), ["protocol"] = V1Rule.Protocol(port.Take("protocol")), ["port"] = port.Take("port") });
            port.End();
        }
        if (ports.Count > 0)
            spec["ports"] = ports;
    }

    private static void Put(JsonObject to, string name, JsonNode? value)
    {
        if (value is not null)
            to[name] = value;
    }

    private static void Put(JsonObject to, string name, string text) => Put(to, name, text.Length == 0 ? null : (JsonNode)text);

    private static void Put(JsonObject to, string name, bool flag) => Put(to, name, flag ? (JsonNode)true : null);

    private static void Put(JsonObject to, string name, IEnumerable<string> texts) => Put(to, name, Texts(texts) is { Count: > 0 } list ? list : null);

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(text => (JsonNode)text)]);
}
