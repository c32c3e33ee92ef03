using System.Text.Json.Nodes;

namespace Canal.Testing.Rig;

/// <summary>
/// One Calico v3 resource as a test writes it to etcd: an etcd key and a JSON document. Every method returns a changed copy, so a scenario may keep a resource and vary it.
/// </summary>
public sealed class Resource
{
    private readonly JsonObject document;

    private Resource(string key, JsonObject document)
    {
        Key = key;
        this.document = document;
    }

    /// <summary>The full etcd key.</summary>
    public string Key { get; }

    public string Name => document["metadata"]!["name"]!.GetValue<string>();

    /// <summary>The stored JSON text.</summary>
    public string Json => document.ToJsonString();

    /// <summary>A resource of any kind; a null namespace means a global kind. <paramref name="plural"/> is the one of the etcd key.</summary>
    public static Resource Of(string kind, string plural, string? ns, string name)
    {
        JsonObject metadata = new() { ["name"] = name, ["uid"] = Guid.NewGuid().ToString(), ["creationTimestamp"] = "2026-05-04T09:30:00Z" };
        if (ns is not null)
            metadata["namespace"] = ns;
        string path = ns is null ? name : $"{ns}/{name}";
        return new Resource($"/calico/resources/v3/projectcalico.org/{plural}/{path}",
            new JsonObject { ["kind"] = kind, ["apiVersion"] = "projectcalico.org/v3", ["metadata"] = metadata, ["spec"] = new JsonObject() });
    }

    /// <summary>The same document under another key and metadata.name, as older releases store policies.</summary>
    public Resource StoredAs(string name)
    {
        JsonObject copy = document.DeepClone().AsObject();
        copy["metadata"]!["name"] = name;
        return new Resource(Key[..(Key.LastIndexOf('/') + 1)] + name, copy);
    }

    /// <summary>Sets a spec field; null removes it.</summary>
    public Resource Spec(string field, JsonNode? value) => With("spec", field, value);

    /// <summary>Sets a metadata field; null removes it.</summary>
    public Resource Metadata(string field, JsonNode? value) => With("metadata", field, value);

    /// <summary>Sets a field of the status; null removes it.</summary>
    public Resource Status(string field, JsonNode? value) => With("status", field, value);

    /// <summary>Adds labels to metadata.</summary>
    public Resource Labels(params (string Name, string Value)[] labels)
    {
        JsonObject all = document["metadata"]!["labels"]?.DeepClone().AsObject() ?? [];
        foreach ((string name, string value) in labels)
            all[name] = value;
        return Metadata("labels", all);
    }

    public Resource Tier(string name) => Spec("tier", name);

    public Resource Order(double order) => Spec("order", order);

    public Resource Selecting(string selector) => Spec("selector", selector);

    /// <summary>Governed directions, when they differ from those implied by <see cref="In"/> and <see cref="Out"/>; call it last.</summary>
    public Resource Types(params string[] types) => Spec("types", Array(types));

    /// <summary>Ingress rules; also makes the policy govern ingress. A Profile has no types and ignores them.</summary>
    public Resource In(params Rule[] rules) => Direction("ingress", "Ingress", rules);

    /// <summary>Egress rules; also makes the policy govern egress.</summary>
    public Resource Out(params Rule[] rules) => Direction("egress", "Egress", rules);

    /// <summary>Profiles of an endpoint, in order.</summary>
    public Resource Profiles(params string[] names) => Spec("profiles", Array(names));

    /// <summary>Named ports of an endpoint.</summary>
    public Resource Ports(params (string Name, string Protocol, int Port)[] ports) =>
        Spec("ports", new JsonArray([.. ports.Select(p => (JsonNode)new JsonObject { ["name"] = p.Name, ["protocol"] = p.Protocol, ["port"] = p.Port, ["hostPort"] = 0, ["hostIP"] = "" })]));

    internal static JsonArray Array(IEnumerable<string> items) => new([.. items.Select(i => (JsonNode)JsonValue.Create(i))]);

    private Resource Direction(string field, string type, Rule[] rules)
    {
        JsonArray types = document["spec"]!["types"]?.DeepClone().AsArray() ?? [];
        if (!types.Any(t => t!.GetValue<string>() == type))
            types.Add((JsonNode)JsonValue.Create(type));
        Resource governed = document["kind"]!.GetValue<string>() == "Profile" ? this : Spec("types", types);
        return governed.Spec(field, new JsonArray([.. rules.Select(r => (JsonNode)r.ToJson())]));
    }

    private Resource With(string section, string field, JsonNode? value)
    {
        JsonObject copy = document.DeepClone().AsObject();
        copy[section] ??= new JsonObject();
        if (value is null)
            copy[section]!.AsObject().Remove(field);
        else
            copy[section]![field] = value.DeepClone();
        return new Resource(Key, copy);
    }
}
