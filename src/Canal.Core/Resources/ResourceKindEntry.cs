namespace Canal.Core.Resources;

/// <summary>One row of <see cref="ResourceKinds"/>.</summary>
public sealed class ResourceKindEntry
{
    internal ResourceKindEntry(ResourceKind kind, string name, string plural, bool namespaced, string[] aliases)
    {
        Kind = kind;
        Name = name;
        Plural = plural;
        Namespaced = namespaced;
        Aliases = aliases.ToEquatableArray();
        PluralBytes = System.Text.Encoding.ASCII.GetBytes(plural);
    }

    public ResourceKind Kind { get; }

    /// <summary>The value of <c>kind</c> in stored objects, <c>NetworkPolicy</c>.</summary>
    public string Name { get; }

    /// <summary>Lower case, as in etcd keys: <c>networkpolicies</c>.</summary>
    public string Plural { get; }

    public bool Namespaced { get; }

    /// <summary>Other words an operator may type for the kind: <c>np</c>.</summary>
    public EquatableArray<string> Aliases { get; }

    /// <summary>The prefix to list or watch the whole kind; ends with a slash, so that no longer plural matches too.</summary>
    public string Prefix => $"{ResourceKey.Root}{Plural}/";

    internal byte[] PluralBytes { get; }
}
