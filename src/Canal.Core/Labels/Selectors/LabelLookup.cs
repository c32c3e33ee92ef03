namespace Canal.Core.Labels;

/// <summary>A label's value as its owner sees it: its own label, else that of the first parent that has one.</summary>
internal readonly ref struct LabelLookup(IReadOnlyDictionary<string, string> own, IReadOnlyList<IReadOnlyDictionary<string, string>> parents)
{
    /// <summary>The value, or null when the label is absent. A null value, which JSON can smuggle in, reads as an empty text, as in Go.</summary>
    public string? Find(string label)
    {
        if (own.TryGetValue(label, out string? value))
            return value ?? "";
        for (int i = 0; i < parents.Count; i++)
        {
            if (parents[i].TryGetValue(label, out value))
                return value ?? "";
        }
        return null;
    }
}
