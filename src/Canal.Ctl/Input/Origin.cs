namespace Canal.Ctl;

/// <summary>Where a document was read.</summary>
/// <param name="File">The path as given or found in a folder; <c>standard input</c>.</param>
/// <param name="Document">Which of the file's documents, from 1; empty ones are not counted.</param>
/// <param name="Item">Which of the list's items, from 1; 0 when the document is not a list.</param>
internal sealed record Origin(string File, int Document, int Item)
{
    /// <summary><c>policies.yaml, document 2, item 3</c></summary>
    public override string ToString() => Item == 0 ? $"{File}, document {Document}" : $"{File}, document {Document}, item {Item}";
}
