using Canal.Core.Resources;
using Canal.Datastore;

namespace Canal.Ctl;

/// <summary>A value as it is in etcd.</summary>
/// <param name="Key">Its identity, from the key.</param>
/// <param name="Revision">The revision of its last write.</param>
/// <param name="Document">Null when the value is not a JSON object.</param>
/// <param name="Problem">Why there is no document.</param>
internal sealed record StoredResource(ResourceKey Key, long Revision, ResourceDocument? Document, Problem Problem)
{
    /// <summary>The name to show; the key's when the value cannot be read.</summary>
    public string DisplayName => Document?.DisplayName ?? Key.Name;

    public static StoredResource From(ResourceKey key, EtcdEntry entry)
    {
        ResourceDocument? document = ResourceDocument.Parse(entry.Value.Span, out Problem problem);
        if (document is not null)
        {
            // The key counts where the value says otherwise.
            document.Root["kind"] = ResourceKinds.Of(key.Kind).Name;
            document.Name = key.Name;
            if (key.Namespace is not null)
                document.Namespace = key.Namespace;
        }
        return new StoredResource(key, entry.ModRevision, document, problem);
    }
}
