namespace Canal.Core.Resources;

/// <summary>The fields that resources may have, for those who explain them.</summary>
public static class ResourceFields
{
    /// <summary>The names of the fields inside a field, in the order of the data model, and whether each has fields of its own that are known here.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="path">From the root of the object: <c>spec</c>, <c>ingress</c>, <c>source</c>; lists are passed through.</param>
    /// <returns>Null when there is no such field; empty when nothing is known inside it.</returns>
    public static IReadOnlyList<(string Name, bool HasFields)>? Inside(ResourceKind kind, IEnumerable<string> path)
    {
        Shape? shape = ResourceShapes.Whole(kind);
        foreach (string name in path)
        {
            if (shape is null || !shape.Knows(name, out shape)) return null;
        }
        return shape is null ? [] : [.. shape.Names.Select(name => (name, shape.Knows(name, out Shape? inner) && inner is not null))];
    }
}
