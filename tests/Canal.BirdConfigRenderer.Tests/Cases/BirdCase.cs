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
        Inputs = Read();
        Plan = BirdPlanner.Plan(Inputs);
        Text = BirdWriter.Write(Plan.Configuration, BirdSnippets.None, "stderr");
    }

    public string Name { get; }

    public JsonNode Expected { get; }

    public BgpInputs Inputs { get; }

    public BirdPlan Plan { get; }

    public string Text { get; }

    /// <summary>Names of all cases; one that says so when the data is not here.</summary>
    public static IEnumerable<string> Names => Conformance.Folder is { } root
        ? Directory.GetDirectories(Path.Combine(root, "bird")).Select(d => Path.GetFileName(d)!).Order(StringComparer.Ordinal) : ["(no data)"];

    public override string ToString() => Name;

    private BgpInputs Read()
    {
        JsonNode env = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "input", "env.json")))!;
        List<Resource> resources = [.. Documents("calico.yaml").Select(Decode)];
        string? routerId = env["CALICO_ROUTER_ID"]?.GetValue<string>();
        return new BgpInputs
        {
            NodeName = env["NODENAME"]!.GetValue<string>(),
            Nodes = Of<Node>(resources),
            Configurations = Of<BgpConfiguration>(resources),
            Peers = Of<BgpPeer>(resources),
            Filters = Of<BgpFilter>(resources),
            Pools = Of<IpPool>(resources),
            Affinities = Affinities(env["NODENAME"]!.GetValue<string>()),
            WorkloadPeers = WorkloadPeers(),
            Passwords = Passwords(),
            Choices = new BgpChoices
            {
                RouterId = routerId is null ? null : IpAddress.Parse(routerId),
                AdvertisedPrefixes = ServiceAddresses.GetValueOrDefault(Name, []).Select(Cidr.Parse).ToEquatableArray(),
            },
        };
    }

    private IEnumerable<JsonObject> Documents(string file)
    {
        string path = Path.Combine(folder, "input", file);
        return !File.Exists(path) ? [] : [.. YamlReader.Read(File.ReadAllText(path)).Where(d => d.Root is JsonObject).Select(d => (JsonObject)d.Root!)];
    }

    private static Resource Decode(JsonObject document)
    {
        Assert.True(ResourceKinds.TryFindName(document["kind"]!.GetValue<string>(), out ResourceKind kind));
        ResourceKey key = new(kind, null, document["metadata"]!["name"]!.GetValue<string>());
        // An API server would have refused a label that is no string; the data means the text.
        if (document["metadata"]!["labels"] is JsonObject labels)
            foreach ((string name, JsonNode? value) in labels.ToArray()) labels[name] = value!.ToString() is "yes" ? "true" : value.ToString();
        Decoded decoded = ResourceCodec.Decode(key, Encoding.UTF8.GetBytes(document.ToJsonString()));
        Assert.True(decoded.Resource is not null, $"{key}: {string.Join("; ", decoded.Problems)}");
        EquatableArray<Problem> problems = BgpAdmission.Check(decoded.Resource!);
        Assert.True(problems.IsEmpty, $"{key}: {string.Join("; ", problems)}");
        return decoded.Resource!;
    }

    private static Dictionary<string, T> Of<T>(List<Resource> resources) where T : Resource => resources.OfType<T>().ToDictionary(r => r.Key.Name);

    private Dictionary<Cidr, AffinityState> Affinities(string node)
    {
        Dictionary<Cidr, AffinityState> affinities = [];
        foreach (string line in File.ReadLines(Path.Combine(folder, "input", "etcd-block-affinities.txt")))
        {
            string[] words = line.Split(' ', 2);
            Assert.True(IpamKey.TryParse(Encoding.UTF8.GetBytes(words[0]), out IpamKey key));
            if (key.Owner == BlockOwner.Host(node)) affinities.Add(key.Cidr, IpamCodec.DecodeAffinity(Encoding.UTF8.GetBytes(words[1])).Value!.State);
        }
        return affinities;
    }

    private List<WorkloadPeer> WorkloadPeers()
    {
        List<WorkloadPeer> peers = [];
        string statuses = Path.Combine(folder, "input", "endpoint-status");
        foreach (string file in Directory.Exists(statuses) ? Directory.GetFiles(statuses).Order(StringComparer.Ordinal) : Enumerable.Empty<string>())
            if (WorkloadPeerReader.TryRead(File.ReadAllBytes(file), out WorkloadPeer? peer)) peers.Add(peer!);
        return peers;
    }

    /// <summary>Kubernetes Secrets, which in Canal are files.</summary>
    private Dictionary<SecretKeyRef, BgpPassword> Passwords()
    {
        Dictionary<SecretKeyRef, BgpPassword> passwords = [];
        foreach (JsonObject secret in Documents("kubernetes.yaml").Where(d => d["kind"]?.GetValue<string>() == "Secret"))
            foreach ((string key, JsonNode? value) in secret["stringData"]!.AsObject())
                passwords[new SecretKeyRef(secret["metadata"]!["name"]!.GetValue<string>(), key)] = new BgpPassword(value!.GetValue<string>());
        return passwords;
    }
}
