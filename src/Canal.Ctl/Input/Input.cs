namespace Canal.Ctl;

/// <summary>What the files held.</summary>
/// <param name="Documents">In the order of the files.</param>
/// <param name="Errors">Sentences that name the file.</param>
internal sealed record Input(IReadOnlyList<SourceDocument> Documents, IReadOnlyList<string> Errors);
