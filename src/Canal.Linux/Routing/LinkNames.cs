namespace Canal.Linux.Routing;

/// <summary>Names of interfaces by index, for sentences and dumps only; an index without a name prints as <c>if7</c>.</summary>
public sealed class LinkNames
{
    /// <summary>Knows no name.</summary>
    public static LinkNames None { get; } = new();

    private readonly Dictionary<int, string> names = [];

    public LinkNames()
    {
    }

    public LinkNames(IEnumerable<Link> links)
    {
        foreach (Link link in links) names[link.Index] = link.Name;
    }

    public string this[int index] => names.TryGetValue(index, out string? name) ? name : $"if{index}";
}
