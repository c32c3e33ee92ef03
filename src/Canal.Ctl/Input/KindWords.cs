using Canal.Core.Resources;

namespace Canal.Ctl;

/// <summary>The words for kinds on the command line.</summary>
internal static class KindWords
{
    /// <summary>The kind that a word means: its name, plural or an alias, whatever the case.</summary>
    /// <exception cref="CommandException">Usage.</exception>
    public static ResourceKindEntry Find(string word) =>
        ResourceKinds.TryFind(word, out ResourceKindEntry? entry)
            ? entry!
            : throw CommandException.Usage($"{Problem.Quote(word)} is not a kind of resource{NearestWord.Suggest(word, Words())}");

    /// <summary>All kinds as documents spell them.</summary>
    public static IEnumerable<string> Names() => ResourceKinds.All.ToArray().Select(entry => entry.Name);

    /// <summary>All kinds as people list them.</summary>
    public static IEnumerable<string> Plurals() => ResourceKinds.All.ToArray().Select(entry => entry.Plural).Order(StringComparer.Ordinal);

    private static IEnumerable<string> Words() => ResourceKinds.All.ToArray().SelectMany(entry => (IEnumerable<string>)[entry.Name.ToLowerInvariant(), entry.Plural, .. entry.Aliases]);
}
