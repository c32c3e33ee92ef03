using System.Text.Json.Nodes;
using Canal.Core.Resources;
using Canal.Datastore;

namespace Canal.Ctl;

/// <summary>All resources as documents that apply and import take, and Calico's address management as one document of our own.</summary>
internal static class ResourceExport
{
    /// <summary>Of the document that holds address management.</summary>
    public const string IpamApiVersion = "canal/v1", IpamKind = "IPAMData";

    /// <summary>Writes every resource, tiers before policies. What cannot be read is told by the return value.</summary>
    public static async Task<List<string>> WriteAsync(ResourceStore store, TextWriter to, CancellationToken stop)
    {
        List<string> unreadable = [];
        foreach (ResourceKindEntry kind in ResourceKinds.All.ToArray().OrderBy(kind => kind.Kind == ResourceKind.Tier ? 0 : 1).ThenBy(kind => kind.Name, StringComparer.Ordinal))
        {
            foreach (StoredResource stored in (await store.ListAsync(kind, null, stop)).Resources)
            {
                if (stored.Document is null)
                {
                    unreadable.Add($"{stored.Key}: the stored value {stored.Problem}");
                    continue;
                }
                JsonObject shown = ShownResource.Of(stored);
                (shown["metadata"] as JsonObject)?.Remove("resourceVersion");
                YamlWriter.Write(shown, to);
                to.Write("---\n");
            }
        }
        return unreadable;
    }

    /// <summary>Writes address management: keys below IPAM's root with their values.</summary>
    public static async Task WriteIpamAsync(EtcdStore etcd, TextWriter to, CancellationToken stop)
    {
        JsonArray entries = [];
        await foreach (EtcdPage page in etcd.ListAsync(KeyRange.Prefix(IpamKey.Root), stop))
        {
            foreach (EtcdEntry entry in page.Entries.ToArray())
                entries.Add((JsonNode)new JsonObject { ["key"] = entry.KeyText, ["value"] = System.Text.Encoding.UTF8.GetString(entry.Value.Span) });
        }
        YamlWriter.Write(new JsonObject { ["apiVersion"] = IpamApiVersion, ["kind"] = IpamKind, ["entries"] = entries }, to);
    }
}
