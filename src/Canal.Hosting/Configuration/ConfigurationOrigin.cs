namespace Canal.Hosting;

/// <summary>Where a value comes from. <see cref="Line"/> and <see cref="Column"/> count from 1 and are 0 where there is no such thing.</summary>
/// <param name="Source">A file's path, <c>environment CANAL_FELIX__LOG__LEVEL</c>, <c>flag --log-level</c>, <c>default</c>, <c>hostname</c>, or the text of a datastore layer.</param>
public sealed record ConfigurationOrigin(string Source, int Line = 0, int Column = 0)
{
    /// <summary>The origin of built-in values.</summary>
    public static ConfigurationOrigin Default { get; } = new("default");

    /// <summary><c>/etc/canal/felix.toml:3</c>, or the source alone.</summary>
    public override string ToString() => Line > 0 ? $"{Source}:{Line}" : Source;

    internal ConfigurationOrigin At(TomlPosition? position) => position is { } at ? this with { Line = at.Line, Column = at.Column } : this;

    internal ConfigurationError Error(string message) => new(Source, Line, Column, message);
}
