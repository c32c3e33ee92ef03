using System.Text.Json;
using System.Text.Json.Nodes;
using Canal.Core.Addressing;
using Canal.Core.Resources;

namespace Canal.Core.Flannel;

/// <summary>
/// The IPPool by which policy and translation know a flannel network's range: disabled, so that Calico's address management gives nothing of it, and without
/// encapsulation, which is flannel's.
/// </summary>
public static class FlannelPool
{
    /// <summary>Label of pools that are kept; one without it is somebody else's and stays as it is.</summary>
    public const string Label = "canal-flannel-bridge";

    /// <summary>The stored resource as it should be.</summary>
    /// <param name="present">As it is stored; null when it is not.</param>
    /// <param name="name">Its name.</param>
    /// <param name="network">The network.</param>
    /// <param name="natOutgoing">canal-felix translates what leaves it.</param>
    /// <param name="uid">For a new one.</param>
    /// <param name="now">For a new one: <c>2026-11-25T20:00:00Z</c>.</param>
    /// <returns>What to write; null when it is as it should be.</returns>
    /// <exception cref="FlannelFormatException">There is one of this name that is not kept, and it is another.</exception>
    public static byte[]? Wanted(ReadOnlyMemory<byte>? present, string name, Cidr network, bool natOutgoing, string uid, string now)
    {
        JsonObject spec = Spec(network, natOutgoing);
        if (present is not { } stored) return Bytes(New(name, spec, uid, now));
        try
        {
            return Changed(Parse(stored, name), name, network, spec);
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            // Fields twice, text that is not Unicode: found where they are first read.
            throw new FlannelFormatException($"IPPool {name} cannot be understood: {e.Message}");
        }
    }

    private static byte[]? Changed(JsonObject root, string name, Cidr network, JsonObject spec)
    {
        if (root["spec"] is JsonObject held && spec.All(field => JsonNode.DeepEquals(held[field.Key], field.Value))) return null;
        if (((root["metadata"] as JsonObject)?["labels"] as JsonObject)?[Label] is null)
            throw new FlannelFormatException($"IPPool {name} is there, is not as the network {network} needs it, and lacks the label {Label} by which it would be changed");
        root["spec"] = spec;
        return Bytes(root);
    }

    private static JsonObject Spec(Cidr network, bool natOutgoing) => new()
    {
        ["cidr"] = network.ToString(),
        ["ipipMode"] = "Never",
        ["vxlanMode"] = "Never",
        ["natOutgoing"] = natOutgoing,
        ["disabled"] = true,
        ["blockSize"] = network.Family == IpFamily.V4 ? Math.Max(26, (int)network.Length) : Math.Max(122, (int)network.Length),
        ["nodeSelector"] = "all()",
    };

    private static JsonObject New(string name, JsonObject spec, string uid, string now) => new()
    {
        ["kind"] = "IPPool",
        ["apiVersion"] = "projectcalico.org/v3",
        ["metadata"] = new JsonObject { ["name"] = name, ["uid"] = uid, ["creationTimestamp"] = now, ["labels"] = new JsonObject { [Label] = "" } },
        ["spec"] = spec,
    };

    private static JsonObject Parse(ReadOnlyMemory<byte> stored, string name)
    {
        try
        {
            return JsonNode.Parse(stored.Span) as JsonObject ?? throw new FlannelFormatException($"IPPool {name} is not an object");
        }
        catch (JsonException e)
        {
            throw new FlannelFormatException($"IPPool {name} is not JSON: {e.Message}");
        }
    }

    private static byte[] Bytes(JsonObject root) => System.Text.Encoding.UTF8.GetBytes(root.ToJsonString());

    /// <summary>The pool's key.</summary>
    public static string KeyOf(string name) => new ResourceKey(ResourceKind.IPPool, null, name).ToEtcdKey();
}
