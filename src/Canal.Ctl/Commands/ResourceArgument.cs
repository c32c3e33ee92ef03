using Canal.Core.Resources;

namespace Canal.Ctl;

/// <summary>A resource named on the command line.</summary>
internal sealed record ResourceArgument(ResourceKindEntry Kind, string? Namespace, string Name)
{
    public string Title => new ResourceKey(Kind.Kind, Namespace, Name).ToString();

    /// <summary>Reads <c>KIND NAME...</c>, or items like <c>KIND/NAME</c> and <c>KIND/NAMESPACE/NAME</c> as <c>-o name</c> prints them.</summary>
    /// <param name="words">The words after the command; at least one.</param>
    /// <param name="givenNamespace">From the command line; null for none.</param>
    /// <returns>The kind and its names; the kind alone when no names are given.</returns>
    /// <exception cref="CommandException">Usage.</exception>
    public static (ResourceKindEntry Kind, IReadOnlyList<ResourceArgument> Named) Read(IReadOnlyList<string> words, string? givenNamespace)
    {
        // The parser takes an option nobody knows for one more word, and a name never begins so.
        if (words.FirstOrDefault(word => word.StartsWith('-')) is { } option)
            throw CommandException.Usage($"there is no option {option}");
        if (words[0].Contains('/'))
        {
            ResourceArgument[] each = [.. words.Select(word => One(word, givenNamespace))];
            return (each[0].Kind, each);
        }
        ResourceKindEntry kind = KindWords.Find(words[0]);
        return (kind, [.. words.Skip(1).Select(name => Of(kind, givenNamespace, name))]);
    }

    private static ResourceArgument One(string word, string? givenNamespace)
    {
        string[] parts = word.Split('/');
        ResourceKindEntry kind = KindWords.Find(parts[0]);
        return parts.Length switch
        {
            2 => Of(kind, givenNamespace, parts[1]),
            3 when kind.Namespaced => Of(kind, parts[1], parts[2]),
            _ => throw CommandException.Usage($"{Problem.Quote(word)} is not KIND/NAME{(kind.Namespaced ? " or KIND/NAMESPACE/NAME" : "")}"),
        };
    }

    private static ResourceArgument Of(ResourceKindEntry kind, string? @namespace, string name)
    {
        if (name.Length == 0 || name.Contains('/'))
            throw CommandException.Usage($"{Problem.Quote(name)} is not a name");
        if (!kind.Namespaced && @namespace is not null)
            throw CommandException.Usage($"a {kind.Name} has no namespace");
        return new ResourceArgument(kind, kind.Namespaced ? @namespace ?? WantedReader.DefaultNamespace : null, name);
    }
}
