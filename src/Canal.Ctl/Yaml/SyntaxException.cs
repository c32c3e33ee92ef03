namespace Canal.Ctl;

/// <summary>Text that is not YAML or JSON, or not what JSON can say.</summary>
internal sealed class SyntaxException(long line, long column, string message) : Exception(message)
{
    /// <summary>From 1.</summary>
    public long Line { get; } = line;

    /// <summary>From 1, in characters.</summary>
    public long Column { get; } = column;
}
