namespace Canal.Core.Labels;

/// <summary>A change made throughout a tree: label names get a prefix, <c>all()</c> and <c>global()</c> are replaced where a replacement is given.</summary>
internal sealed record NodeRewrite(string Prefix, SelectorNode? All = null, SelectorNode? Global = null);
