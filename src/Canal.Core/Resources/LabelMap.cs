using System.Collections;

namespace Canal.Core.Resources;

/// <summary>Labels or annotations: an immutable map of strings in ordinal order of the names, with value equality. The default value is the empty map
/// and allocates nothing.</summary>
public readonly struct LabelMap : IEquatable<LabelMap>, IEnumerable<KeyValuePair<string, string>>
{
    private const int Few = 32;

    private readonly KeyValuePair<string, string>[]? entries;

    private LabelMap(KeyValuePair<string, string>[]? entries) => this.entries = entries;

    public static LabelMap Empty => default;

    public int Count => entries?.Length ?? 0;

    public bool IsEmpty => Count == 0;

    /// <summary>The entries in ordinal order of their names.</summary>
    public ReadOnlySpan<KeyValuePair<string, string>> AsSpan() => entries;

    /// <summary>A map of these entries; of two with one name the later counts.</summary>
    public static LabelMap Create(params ReadOnlySpan<KeyValuePair<string, string>> entries) =>
        entries.IsEmpty ? default : new LabelMap(Sort(entries.ToArray()));

    /// <inheritdoc cref="Create(ReadOnlySpan{KeyValuePair{string, string}})"/>
    public static LabelMap Create(IEnumerable<KeyValuePair<string, string>> entries) => Create(entries.ToArray());

    /// <summary>The value, or null when the name is not in the map.</summary>
    public string? this[string name] => TryGetValue(name, out string? value) ? value : null;

    public bool ContainsKey(string name) => IndexOf(name) >= 0;

    public bool TryGetValue(string name, out string value)
    {
        int index = IndexOf(name);
        value = index < 0 ? "" : entries![index].Value;
        return index >= 0;
    }

    /// <summary>This map with one more or one other value.</summary>
    public LabelMap With(string name, string value)
    {
        int index = IndexOf(name);
        if (index >= 0 && entries![index].Value == value) return this;
        return Create([.. AsSpan(), new(name, value)]);
    }

    /// <summary>This map without the name.</summary>
    public LabelMap Without(string name)
    {
        int index = IndexOf(name);
        return index < 0 ? this : Create([.. AsSpan()[..index], .. AsSpan()[(index + 1)..]]);
    }

    // Maps are small; a linear scan over at most a handful of names beats a binary search of ordinal comparisons.
    private int IndexOf(string name)
    {
        for (int i = 0; i < Count; i++)
            if (entries![i].Key == name) return i;
        return -1;
    }

    private static KeyValuePair<string, string>[] Sort(KeyValuePair<string, string>[] entries)
    {
        // Writers in Go emit maps in order, so this is normally one pass; others need not, and there are as many maps as endpoints.
        if (IsStrictlySorted(entries)) return entries;
        KeyValuePair<string, string>[] sorted = entries.Length <= Few ? InsertionSort(entries) : [.. entries.OrderBy(entry => entry.Key, StringComparer.Ordinal)];
        return IsStrictlySorted(sorted) ? sorted : [.. sorted.Where((entry, i) => i == sorted.Length - 1 || sorted[i + 1].Key != entry.Key)];
    }

    // In place; stable like the other, so that of equal names the later stays the later.
    private static KeyValuePair<string, string>[] InsertionSort(KeyValuePair<string, string>[] entries)
    {
        for (int i = 1; i < entries.Length; i++)
        {
            KeyValuePair<string, string> entry = entries[i];
            int at = i;
            for (; at > 0 && string.CompareOrdinal(entries[at - 1].Key, entry.Key) > 0; at--) entries[at] = entries[at - 1];
            entries[at] = entry;
        }
        return entries;
    }

    private static bool IsStrictlySorted(KeyValuePair<string, string>[] entries)
    {
        for (int i = 1; i < entries.Length; i++)
            if (string.CompareOrdinal(entries[i - 1].Key, entries[i].Key) >= 0) return false;
        return true;
    }

    public bool Equals(LabelMap other)
    {
        if (ReferenceEquals(entries, other.entries)) return true;
        if (Count != other.Count) return false;
        for (int i = 0; i < Count; i++)
            if (entries![i].Key != other.entries![i].Key || entries[i].Value != other.entries[i].Value) return false;
        return true;
    }

    public override bool Equals(object? obj) => obj is LabelMap other && Equals(other);

    public override int GetHashCode()
    {
        HashCode hash = default;
        foreach ((string name, string value) in AsSpan())
        {
            hash.Add(name);
            hash.Add(value);
        }
        return hash.ToHashCode();
    }

    public ReadOnlySpan<KeyValuePair<string, string>>.Enumerator GetEnumerator() => AsSpan().GetEnumerator();

    IEnumerator<KeyValuePair<string, string>> IEnumerable<KeyValuePair<string, string>>.GetEnumerator() =>
        ((IEnumerable<KeyValuePair<string, string>>)(entries ?? [])).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => (entries ?? []).GetEnumerator();

    /// <summary><c>a=1,b=2</c></summary>
    public override string ToString() => string.Join(',', (entries ?? []).Select(entry => $"{entry.Key}={entry.Value}"));

    public static bool operator ==(LabelMap left, LabelMap right) => left.Equals(right);

    public static bool operator !=(LabelMap left, LabelMap right) => !left.Equals(right);
}
