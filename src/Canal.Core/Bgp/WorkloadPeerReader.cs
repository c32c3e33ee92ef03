using System.Text.Json;
using Canal.Core.Addressing;

namespace Canal.Core.Bgp;

/// <summary>Reads what felix's status file says of a local workload that speaks BGP.</summary>
public static class WorkloadPeerReader
{
    /// <summary>False for anything that is not such a file, or of a workload without a peering.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> json, out WorkloadPeer? peer)
    {
        peer = null;
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("bgpPeerName", out JsonElement name) || name.ValueKind != JsonValueKind.String) return false;
            string peerName = name.GetString()!;
            if (peerName.Length == 0) return false;
            peer = new WorkloadPeer(peerName, First(root, "ipv4Nets", IpFamily.V4), First(root, "ipv6Nets", IpFamily.V6));
            return true;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    private static IpAddress? First(JsonElement root, string field, IpFamily family)
    {
        if (!root.TryGetProperty(field, out JsonElement nets) || nets.ValueKind != JsonValueKind.Array || nets.GetArrayLength() == 0) return null;
        return nets[0].ValueKind == JsonValueKind.String && Cidr.TryParse(nets[0].GetString(), out Cidr net) && net.Family == family && BgpAddress.Wrong(net.Address) is null ? net.Address : null;
    }
}
