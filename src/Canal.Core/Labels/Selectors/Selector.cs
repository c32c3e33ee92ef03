using System.Diagnostics.CodeAnalysis;

namespace Canal.Core.Labels;

/// <summary>A label selector of Calico's language: which endpoints and network sets a policy or rule means.</summary>
/// <remarks>Immutable. Equal when the canonical texts are equal, so <c>a == 'b'</c> equals <c>a=="b"</c> but <c>a &amp;&amp; b</c> differs from <c>b &amp;&amp; a</c>.</remarks>
public sealed class Selector : IEquatable<Selector>
{
    /// <summary>How deep parentheses may nest. Calico has no limit; ours keeps hostile text from exhausting the stack (about 1 kB a level).</summary>
    public const int MaxNesting = 512;

    /// <summary>The longest label name, in characters, which here are bytes.</summary>
    public const int MaxLabelLength = 512;

    private readonly string text;
    private string? id;

    internal Selector(SelectorNode root)
    {
        Root = root;
        text = root.ToString();
    }

    /// <summary><c>all()</c>, which is also what an empty or blank text means.</summary>
    public static Selector All { get; } = new(new AllNode());

    /// <summary>The tree.</summary>
    public SelectorNode Root { get; }

    /// <summary>Calico's identity: <c>s:</c> and 38 characters, the hash of the canonical text.</summary>
    public string Id => id ??= ContentId.Of("s", text);

    /// <summary>Reads a selector. Never throws; exactly one of the two results is non-null.</summary>
    /// <param name="text">The text; empty or blank (space, tab) means <c>all()</c>.</param>
    /// <param name="selector">The selector, when this returns true.</param>
    /// <param name="error">What is wrong and where, when this returns false.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out Selector? selector, [NotNullWhen(false)] out SelectorError? error)
    {
        SelectorNode? root = SelectorParser.Parse(text, out error);
        selector = root is null ? null : new Selector(root);
        return selector is not null;
    }

    /// <summary>Whether something with these labels, and no parents, matches.</summary>
    public bool Evaluate(IReadOnlyDictionary<string, string> labels) => Evaluate(labels, []);

    /// <summary>Whether something with these labels matches when it inherits from <paramref name="parents"/>, the first of which takes precedence. Own labels come before all.</summary>
    public bool Evaluate(IReadOnlyDictionary<string, string> labels, IReadOnlyList<IReadOnlyDictionary<string, string>> parents) =>
        Root.Matches(new LabelLookup(labels, parents));

    /// <summary>The same selector over label names that begin with <paramref name="prefix"/> (<c>pcns.</c>, <c>pcsa.</c>).</summary>
    public Selector WithPrefix(string prefix) => new(Root.Rewrite(new NodeRewrite(prefix)));

    /// <summary>The canonical text.</summary>
    public override string ToString() => text;

    public bool Equals(Selector? other) => other is not null && text == other.text;

    public override bool Equals(object? obj) => Equals(obj as Selector);

    public override int GetHashCode() => text.GetHashCode(StringComparison.Ordinal);

    public static bool operator ==(Selector? left, Selector? right) => left is null ? right is null : left.Equals(right);

    public static bool operator !=(Selector? left, Selector? right) => !(left == right);
}
