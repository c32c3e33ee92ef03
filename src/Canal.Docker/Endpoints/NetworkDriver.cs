using System.Text.Json.Nodes;
using Canal.Core.Access;
using Canal.Core.Addressing;
using Canal.Core.Resources;
using Canal.Datastore;
using Canal.Hosting;
using Canal.Workloads;
using Serilog;

namespace Canal.Docker;

/// <summary>Docker's NetworkDriver: each of its endpoints is a WorkloadEndpoint in etcd and a pair of interfaces on this host, named as Calico's driver names them.</summary>
/// <param name="configuration">Until another is to be used.</param>
/// <param name="cluster">Where endpoints are written.</param>
/// <param name="networks">What Docker has told of networks.</param>
/// <param name="joined">Told network and endpoint of a container that is about to start.</param>
/// <param name="log">For what cannot be told Docker.</param>
internal sealed class NetworkDriver(Configuration configuration, Cluster cluster, NetworkTable networks, Action<string, string> joined, ILogger log)
{
    private const string Generic = "com.docker.network.generic", Internal = "com.docker.network.internal";

    // An address for trying what a network says of endpoints (RFC 5737).
    private static readonly Cidr Example = Cidr.Parse("192.0.2.1/32");

    private volatile Configuration settings = configuration;

    /// <summary>Takes in a new configuration: what is asked for from now on goes by it.</summary>
    public void Use(Configuration changed) => settings = changed;

    public JsonObject Create(JsonObject request)
    {
        JsonObject options = request.Object("Options");
        if (options.Flag(Internal)) throw new DriverException("--internal does nothing here: a policy decides what containers reach");
        EndpointOptions network = EndpointOptions.OfNetwork(options.Object(Generic));
        string id = request.Id("NetworkID");
        // What is wrong with labels and names is said now, not when a container starts.
        Check(Description("0", ProfileOf(id, network), network, [Example], ContainerMac.New()));
        networks.Put(id, network);
        return [];
    }

    /// <summary>The profile that was made for this network alone goes with it.</summary>
    public async Task<JsonObject> DeleteAsync(JsonObject request, CancellationToken stop)
    {
        string id = request.Id("NetworkID");
        ResourceKey profile = new(ResourceKind.Profile, null, OwnProfile(id));
        await cluster.Etcd.CommitAsync(new EtcdTransaction().Delete(profile.ToEtcdKey()), stop);
        networks.Remove(id);
        return [];
    }

    public async Task<JsonObject> CreateEndpointAsync(JsonObject request, CancellationToken stop)
    {
        string id = request.Id("EndpointID"), network = request.Id("NetworkID");
        JsonObject given = request.Object("Interface");
        Cidr[] addresses = [.. ((string[])[given.Text("Address"), given.Text("AddressIPv6")]).Where(text => text.Length > 0).Select(text => new Cidr(Fields.Address(text)))];
        if (addresses.Length == 0) throw new DriverException("the endpoint has no address: make the network with --ipam-driver canal, or with one that gives addresses");
        EndpointOptions of = networks.TryFind(network) ?? throw new DriverException($"network {network}: this driver has not made it");
        EndpointOptions options = of.With(EndpointOptions.Read(request.Object("Options")));

        string profile = ProfileOf(network, of);
        EndpointRecord record = new(cluster.Etcd, cluster.ReadAsync, cluster.KeyOf(id), options.Profiles.Count > 0 ? null : profile);
        await record.ReadAsync(stop);
        MacAddress? asked = MacAddress.TryParse(given.Text("MacAddress"), out MacAddress known) ? known : null;
        MacAddress mac = asked ?? record.Endpoint?.Spec.Mac ?? ContainerMac.New();
        ResourceDocument description = Description(id, profile, options, addresses, mac);
        Check(description);
        if (!await record.PutAsync(document => Describe(document, description), stop)) throw new DriverException($"others changed {cluster.KeyOf(id)} each time it was written");
        // Only what this driver has chosen may be told back.
        return new JsonObject { ["Interface"] = asked is null ? new JsonObject { ["MacAddress"] = mac.ToString() } : [] };
    }

    /// <summary>First the interface, then the endpoint: no packet without policy. Docker asks only once: without etcd the second is done later.</summary>
    public async Task<JsonObject> DeleteEndpointAsync(JsonObject request, CancellationToken stop)
    {
        string id = request.Id("EndpointID");
        HostInterface.Delete(HostInterface.Named(id));
        if (await cluster.DeleteAsync(new PendingDelete("", cluster.KeyOf(id), null), stop) is { } reason) log.Warning("{Reason}; {Endpoint} is deleted later", reason, cluster.KeyOf(id));
        return [];
    }

    public async Task<JsonObject> JoinAsync(JsonObject request, CancellationToken stop)
    {
        string id = request.Id("EndpointID"), network = request.Id("NetworkID"), host = HostInterface.Named(id), inside = $"tmp{HostInterface.Head(id)}";
        ResourceKey key = cluster.KeyOf(id);
        if ((await cluster.Etcd.GetAsync(key.ToEtcdKey(), stop)).Entry is not { } entry || ResourceCodec.Decode(key, entry.Value).Resource is not WorkloadEndpoint { Spec.Mac: { } mac } endpoint)
            throw new DriverException($"endpoint {id}: this driver has not made it");
        IpAddress[] addresses = [.. endpoint.Spec.IpNetworks.Select(address => address.Address)];
        try
        {
            new ContainerLinks((uint)settings.Get(DockerSettings.Mtu)).Create(host, inside, mac, addresses.Any(address => address.Family == IpFamily.V6));
            await WaitForPolicyAsync(id, host, mac, addresses, stop);
        }
        catch
        {
            // A container that does not start leaves nothing.
            HostInterface.Delete(host);
            throw;
        }
        joined(network, id);
        return Joined(inside, [.. addresses.Select(address => address.Family).Distinct()]);
    }

    public JsonObject Leave(JsonObject request)
    {
        HostInterface.Delete(HostInterface.Named(request.Id("EndpointID")));
        return [];
    }

    private static JsonObject Joined(string inside, IReadOnlyList<IpFamily> families)
    {
        JsonObject answer = new() { ["InterfaceName"] = new JsonObject { ["SrcName"] = inside, ["DstPrefix"] = "eth" }, ["DisableGatewayService"] = true };
        JsonArray routes = [];
        foreach (IpFamily family in families)
        {
            string gateway = HostInterface.Gateway(family).ToString();
            answer[family == IpFamily.V4 ? "Gateway" : "GatewayIPv6"] = gateway;
            // Of the kind that is reached without another gateway.
            routes.Add((JsonNode)new JsonObject { ["Destination"] = $"{gateway}/{family.Bits}", ["RouteType"] = 1, ["NextHop"] = "" });
        }
        answer["StaticRoutes"] = routes;
        return answer;
    }

    /// <summary>The container starts when its policy is in the kernel.</summary>
    private async Task WaitForPolicyAsync(string id, string host, MacAddress mac, IpAddress[] addresses, CancellationToken stop)
    {
        Configuration now = settings;
        TimeSpan limit = now.Get(DockerSettings.PolicyTimeout);
        PolicyWait wait = new(now.Get(DockerSettings.EndpointStatusDirectory), cluster.KeyOf(id), cluster.NameOf(id), host, mac, addresses);
        if (await wait.RunAsync(limit, stop)) return;
        if (limit > TimeSpan.Zero && !now.Get(DockerSettings.PolicyTimeoutAction))
            throw new DriverException($"canal-felix did not program {host} within {limit.TotalSeconds:0.#} s: {wait.File} does not tell of it; is canal-felix running?");
        // Nobody else is waited for.
        HostInterface.AddRoutes(host, addresses);
    }

    /// <summary>What is to be in etcd: labels, profiles and the rest of the spec.</summary>
    private ResourceDocument Description(string id, string profile, EndpointOptions options, Cidr[] addresses, MacAddress mac)
    {
        ResourceKey key = cluster.KeyOf(id);
        IEnumerable<string> profiles = options.Profiles.Count > 0 ? options.Profiles : [profile];
        ResourceDocument document = ResourceDocument.From(new JsonObject { ["kind"] = ResourceKinds.Of(key.Kind).Name, ["apiVersion"] = ResourceCodec.ApiVersion });
        (document.Name, document.Namespace) = (key.Name, key.Namespace!);
        document.Labels = options.Labels.With("projectcalico.org/namespace", key.Namespace!).With("projectcalico.org/orchestrator", Cluster.Orchestrator);
        JsonObject spec = document.EnsureSpec();
        (spec["orchestrator"], spec["workload"], spec["node"], spec["endpoint"]) = (Cluster.Orchestrator, Cluster.Orchestrator, cluster.Node, id);
        (spec["interfaceName"], spec["mac"]) = (HostInterface.Named(id), mac.ToString());
        spec["ipNetworks"] = new JsonArray([.. addresses.Select(address => (JsonNode)address.ToString())]);
        spec["profiles"] = new JsonArray([.. profiles.Select(name => (JsonNode)name)]);
        return document;
    }

    private static void Describe(ResourceDocument document, ResourceDocument description)
    {
        document.Labels = description.Labels;
        JsonObject spec = document.EnsureSpec();
        foreach ((string field, JsonNode? value) in description.Spec!) spec[field] = value?.DeepClone();
    }

    private static void Check(ResourceDocument description)
    {
        Problem[] problems = [.. ResourceValidation.Validate(description)];
        if (problems.Length > 0) throw new DriverException(string.Join("; ", problems));
    }

    private static string ProfileOf(string network, EndpointOptions options) => options.Network.Length > 0 ? options.Network : OwnProfile(network);

    private static string OwnProfile(string network) => $"{EtcdRoles.DockerProfiles}{network[..Math.Min(12, network.Length)].ToLowerInvariant()}";
}
