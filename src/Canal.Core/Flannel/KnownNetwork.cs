using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Canal.Core.Flannel;

/// <summary>A network as a host knew it last: what it needs to go on while etcd does not answer.</summary>
/// <param name="Config">The network's configuration as it was in etcd, which may have a secret in it.</param>
/// <param name="Own">The host's own subnet.</param>
/// <param name="Peers">The other hosts' leases; of their revisions only the order is kept.</param>
public sealed record KnownNetwork(string Config, FlannelSubnet Own, EquatableArray<HeldLease> Peers)
{
    /// <summary>JSON. The same network has the same text.</summary>
    public string Write()
    {
        ArrayBufferWriter<byte> text = new();
        using (Utf8JsonWriter json = new(text))
        {
            json.WriteStartObject();
            json.WriteString("config", Config);
            json.WriteString("subnet", Own.ToString());
            json.WriteStartObject("leases");
            foreach (HeldLease peer in Peers.OrderBy(p => p.CreateRevision).ThenBy(p => p.Key, StringComparer.Ordinal))
            {
                json.WritePropertyName(peer.Subnet.ToString());
                json.WriteRawValue(peer.Lease.Write());
            }
            json.WriteEndObject();
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(text.WrittenSpan) + "\n";
    }

    /// <summary>Reads it.</summary>
    /// <param name="text">JSON.</param>
    /// <param name="subnets">What leases' keys begin with.</param>
    /// <exception cref="FlannelFormatException">It is something else.</exception>
    public static KnownNetwork Read(string text, string subnets)
    {
        FlannelJson json = FlannelJson.Parse(Encoding.UTF8.GetBytes(text), "the network that was known last");
        if (!FlannelSubnet.TryParse(json.Text("subnet"), out FlannelSubnet own)) throw new FlannelFormatException("the network that was known last has no subnet of this host");
        List<HeldLease> peers = [];
        if (json.Find("leases") is { ValueKind: JsonValueKind.Object } leases)
            foreach (JsonProperty lease in leases.EnumerateObject()) peers.Add(LeaseOf(lease, subnets, peers.Count + 1));
        return new KnownNetwork(json.Text("config"), own, peers.ToEquatableArray());
    }

    private static HeldLease LeaseOf(JsonProperty lease, string subnets, int revision) => FlannelSubnet.TryParse(lease.Name, out FlannelSubnet subnet)
        ? new HeldLease($"{subnets}{subnet}", subnet, FlannelLease.Read(Encoding.UTF8.GetBytes(lease.Value.GetRawText())), revision, revision, 0)
        : throw new FlannelFormatException($"{Resources.Problem.Quote(lease.Name)} is not the name of a lease");
}
