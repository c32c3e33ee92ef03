namespace Canal.Hosting;

/// <summary>What is wrong with the configuration and where: one line for the operator.</summary>
/// <param name="File">Path, or what stands in its place (<c>environment CANAL_FELIX__LOG__LEVL</c>, <c>flag --log-level</c>).</param>
/// <param name="Line">From 1; 0 when there is no line.</param>
/// <param name="Column">From 1, in characters; 0 when there is no column.</param>
/// <param name="Message">A sentence without the place.</param>
public sealed record ConfigurationError(string File, int Line, int Column, string Message)
{
    /// <summary><c>file:line:column: message</c>, or <c>file: message</c>.</summary>
    public override string ToString() => Line > 0 ? $"{File}:{Line}:{Column}: {Message}" : $"{File}: {Message}";
}
