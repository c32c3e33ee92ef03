using System.Text;
using System.Text.Json.Nodes;
using Canal.Core;
using Canal.Core.Addressing;
using Canal.Core.Bgp;
using Canal.Core.Resources;
using Canal.Ctl;
using Canal.Testing;

namespace Canal.BirdConfigRenderer.Tests.Cases;

/// <summary>One case of the BGP conformance data: resources as stored, and what the configuration must mean.</summary>
internal sealed class BirdCase
{
    /// <summary>What a source of Kubernetes Services would have told this host to advertise; Canal has none, its configuration lists such addresses.</summary>
    private static readonly Dictionary<string, string[]> ServiceAddresses = new()
    {
        ["mesh__static-routes"] = ["10.101.0.101/32", "fd00:96::28/128"],
        ["mesh__static-routes-no-ipv4-address"] = ["10.101.0.101/32"],
    };

    private readonly string folder;

    public BirdCase(string name)
    {
        Name = name;
        folder = Conformance.Require($"bird/{name}");
        Expected = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "expect.json")))!;
        JsonNode env = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "input", "env.json")))!;
        Node = env["NODENAME"]!.GetValue<string>();
        RouterId = env["CALICO_ROUTER_ID"]?.GetValue<string>();
        Documents = [.. Read("calico.yaml").Select(WithTextLabels)];
    }

    public string Name { get; }

    public JsonNode Expected { get; }

    /// <summary>The host whose BIRD it is about.</summary>
    public string Node { get; }

    /// <summary>Null: the host's address.</summary>
    public string? RouterId { get; }

    public IReadOnlyList<string> AdvertisedPrefixes => ServiceAddresses.GetValueOrDefault(Name, []);

    /// <summary>Resources as they are stored.</summary>
    public IReadOnlyList<JsonObject> Documents { get; }

    /// <summary>Keys and values of claims to blocks.</summary>
    public IEnumerable<(string Key, string Value)> Affinities => File.ReadLines(Path.Combine(folder, "input", "etcd-block-affinities.txt")).Select(l => l.Split(' ', 2)).Select(words => (words[0], words[1]));

    /// <summary>Files in which felix would tell of local workloads.</summary>
    public IEnumerable<string> EndpointStatuses => Directory.Exists(Path.Combine(folder, "input", "endpoint-status")) ? Directory.GetFiles(Path.Combine(folder, "input", "endpoint-status")).Order(StringComparer.Ordinal) : [];

    /// <summary>Kubernetes Secrets, which in Canal are files.</summary>
    public IEnumerable<(SecretKeyRef Name, string Text)> Secrets =>
        from secret in Read("kubernetes.yaml")
        where secret["kind"]?.GetValue<string>() == "Secret"
        from entry in secret["stringData"]!.AsObject()
        select (new SecretKeyRef(secret["metadata"]!["name"]!.GetValue<string>(), entry.Key), entry.Value!.GetValue<string>());

    /// <summary>The key that a resource is stored under.</summary>
    public static ResourceKey KeyOf(JsonObject document)
    {
        Assert.True(ResourceKinds.TryFindName(document["kind"]!.GetValue<string>(), out ResourceKind kind));
        return new ResourceKey(kind, null, document["metadata"]!["name"]!.GetValue<string>());
    }

    /// <summary>What is planned for these resources, without a datastore between.</summary>
    public BirdPlan Plan() => BirdPlanner.Plan(Inputs());

    /// <summary>Names of all cases; one that says so when the data is not here.</summary>
    public static IEnumerable<string> Names => Conformance.Folder is { } root
        ? Directory.GetDirectories(Path.Combine(root, "bird")).Select(d => Path.GetFileName(d)!).Order(StringComparer.Ordinal) : ["(no data)"];

    public override string ToString() => Name;

    public BgpInputs Inputs()
    {
        List<Resource> resources = [.. Documents.Select(Decode)];
        return new BgpInputs
        {
            NodeName = Node,
            Nodes = Of<Node>(resources),
            Configurations = Of<BgpConfiguration>(resources),
            Peers = Of<BgpPeer>(resources),
            Filters = Of<BgpFilter>(resources),
            Pools = Of<IpPool>(resources),
            Affinities = AffinityStates(),
            WorkloadPeers = WorkloadPeers(),
            Passwords = Secrets.ToDictionary(s => s.Name, s => new BgpPassword(s.Text)),
            Choices = new BgpChoices
            {
                RouterId = RouterId is null ? null : IpAddress.Parse(RouterId),
                AdvertisedPrefixes = AdvertisedPrefixes.Select(Cidr.Parse).ToEquatableArray(),
            },
        };
    }

    private IEnumerable<JsonObject> Read(string file)
    {
        string path = Path.Combine(folder, "input", file);
        return !File.Exists(path) ? [] : [.. YamlReader.Read(File.ReadAllText(path)).Where(d => d.Root is JsonObject).Select(d => (JsonObject)d.Root!)];
    }

    /// <summary>An API server would have refused a label that is no string; the data means the text.</summary>
    private static JsonObject WithTextLabels(JsonObject document)
    {
        if (document["metadata"]!["labels"] is JsonObject labels)
            foreach ((string name, JsonNode? value) in labels.ToArray()) labels[name] = value!.ToString() is "yes" ? "true" : value.ToString();
        return document;
    }

    private static Resource Decode(JsonObject document)
    {
        ResourceKey key = KeyOf(document);
        Decoded decoded = ResourceCodec.Decode(key, Encoding.UTF8.GetBytes(document.ToJsonString()));
        Assert.True(decoded.Resource is not null, $"{key}: {string.Join("; ", decoded.Problems)}");
        EquatableArray<Problem> problems = BgpAdmission.Check(decoded.Resource!);
        Assert.True(problems.IsEmpty, $"{key}: {string.Join("; ", problems)}");
        return decoded.Resource!;
    }

    private static Dictionary<string, T> Of<T>(List<Resource> resources) where T : Resource => resources.OfType<T>().ToDictionary(r => r.Key.Name);

    private Dictionary<Cidr, AffinityState> AffinityStates()
    {
        Dictionary<Cidr, AffinityState> affinities = [];
        foreach ((string text, string value) in Affinities)
        {
            Assert.True(IpamKey.TryParse(Encoding.UTF8.GetBytes(text), out IpamKey key));
            if (key.Owner == BlockOwner.Host(Node)) affinities.Add(key.Cidr, IpamCodec.DecodeAffinity(Encoding.UTF8.GetBytes(value)).Value!.State);
        }
        return affinities;
    }

    private List<WorkloadPeer> WorkloadPeers()
    {
        List<WorkloadPeer> peers = [];
        foreach (string file in EndpointStatuses)
            if (WorkloadPeerReader.TryRead(File.ReadAllBytes(file), out WorkloadPeer? peer)) peers.Add(peer!);
        return peers;
    }
}
