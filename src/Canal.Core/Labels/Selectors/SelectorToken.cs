namespace Canal.Core.Labels;

/// <param name="Kind">What it is.</param>
/// <param name="Position">Where it begins, in UTF-16 units.</param>
/// <param name="Text">A label's name (also of <c>has</c>) or a string's value; empty otherwise.</param>
internal readonly record struct SelectorToken(SelectorTokenKind Kind, int Position, string Text = "");
