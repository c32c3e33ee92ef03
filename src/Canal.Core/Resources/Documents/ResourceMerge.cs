using System.Text.Json.Nodes;

namespace Canal.Core.Resources;

/// <summary>Applying a document over one that is stored.</summary>
public static class ResourceMerge
{
    /// <summary>What to store: the applied document in everything it can say (a known field it leaves out is taken away, as with calicoctl's apply),
    /// and of the stored one its identity in time (uid, creationTimestamp), its status, and the fields a later release may have put there that
    /// nobody here knows. Lists are replaced whole. The applied document's resourceVersion, or else the stored one's, is kept for the comparison.</summary>
    public static ResourceDocument Over(ResourceDocument applied, ResourceDocument stored)
    {
        ResourceDocument merged = applied.Clone();
        if (ResourceKinds.TryFindName(applied.Kind, out ResourceKind kind)) ResourceShapes.Whole(kind).KeepUnknown(merged.Root, stored.Root);
        if (!merged.Root.ContainsKey("status") && stored.Root["status"] is { } status) merged.Root["status"] = status.DeepClone();
        KeepInvisible(merged, stored);
        if (stored.Uid.Length > 0) merged.Uid = stored.Uid;
        if (stored.CreationTimestamp.Length > 0) merged.CreationTimestamp = stored.CreationTimestamp;
        if (merged.ResourceVersion.Length == 0) merged.ResourceVersion = stored.ResourceVersion;
        return merged;
    }

    // Metadata that no user writes and others may depend on.
    private static void KeepInvisible(ResourceDocument merged, ResourceDocument stored)
    {
        if (merged.Root["metadata"] is not JsonObject now || stored.Root["metadata"] is not JsonObject old) return;
        foreach (string name in (ReadOnlySpan<string>)["ownerReferences", "finalizers", "deletionTimestamp", "managedFields", "generation"])
            if (!now.ContainsKey(name) && old[name] is { } field) now[name] = field.DeepClone();
    }
}
