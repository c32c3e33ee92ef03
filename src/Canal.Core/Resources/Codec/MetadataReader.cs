namespace Canal.Core.Resources;

/// <summary>Reads <c>metadata</c>. Name and namespace are the key's, whatever the value says.</summary>
internal static class MetadataReader
{
    public static Metadata Read(ref JsonScanner json, ResourceKey key)
    {
        string uid = "";
        string? created = null;
        LabelMap labels = default, annotations = default;
        if (!json.BeginObject()) return Bare(key);
        while (json.NextField())
        {
            if (json.Is("name"u8)) Compare(ref json, key.Name);
            else if (json.Is("namespace"u8)) Compare(ref json, key.Namespace ?? "");
            else if (json.Is("uid"u8)) uid = json.Text();
            else if (json.Is("creationTimestamp"u8)) created = json.IsNull ? null : json.SharedText();
            else if (json.Is("labels"u8)) labels = LabelsDecide(key.Kind) ? json.Labels() : json.LabelsOrDrop();
            else if (json.Is("annotations"u8)) annotations = json.LabelsOrDrop();
            else json.SkipValue();
        }
        return new Metadata { Name = key.Name, Namespace = key.Namespace, Uid = uid, CreationTimestamp = created, Labels = labels, Annotations = annotations };
    }

    /// <summary>Kinds that are selected by their labels. Those of a policy or a pool say nothing: it is not given up for one that cannot be read.</summary>
    private static bool LabelsDecide(ResourceKind kind) =>
        kind is ResourceKind.WorkloadEndpoint or ResourceKind.HostEndpoint or ResourceKind.NetworkSet or ResourceKind.GlobalNetworkSet or ResourceKind.Node;

    /// <summary>What the key alone says.</summary>
    public static Metadata Bare(ResourceKey key) => new() { Name = key.Name, Namespace = key.Namespace };

    private static void Compare(ref JsonScanner json, string expected)
    {
        if (json.IsNull) return;
        string text = json.TextOr(expected);
        if (text != expected && text.Length > 0) json.Note($"{Problem.Quote(text)} differs from the key's {Problem.Quote(expected)}, which counts");
    }
}
