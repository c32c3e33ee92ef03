namespace Canal.Hosting;

/// <summary>A length of time with its unit: <c>"90s"</c>, <c>"1m30s"</c>, <c>"500ms"</c>. A bare number is refused, as nobody remembers whether it is seconds.</summary>
public sealed class DurationSetting(string key, TimeSpan defaultValue, string doc) : Setting<TimeSpan>(key, defaultValue, doc)
{
    public TimeSpan Minimum { get; init; } = TimeSpan.Zero;

    public TimeSpan Maximum { get; init; } = Longest;

    /// <summary>Timers and dates of .NET bear no more than 49 days.</summary>
    private static TimeSpan Longest => TimeSpan.FromDays(45);

    public override string Expected => (Minimum > TimeSpan.Zero, Maximum < Longest) switch
    {
        (false, false) => "a duration with a unit such as \"90s\"",
        (true, false) => $"a duration of at least {DurationText.Format(Minimum)}",
        (false, true) => $"a duration of at most {DurationText.Format(Maximum)}",
        _ => $"a duration from {DurationText.Format(Minimum)} to {DurationText.Format(Maximum)}",
    };

    public override string Format(TimeSpan value) => DurationText.Format(value);

    internal override Parsed<TimeSpan> ParseToml(TomlValue value) => value switch
    {
        TomlString text => ParseText(text.Value),
        TomlInteger or TomlFloat => WithoutUnit(value.Describe()) with { Position = value.Position },
        _ => Unexpected(value),
    };

    internal override Parsed<TimeSpan> ParseText(string text)
    {
        if (text.Length > 0 && text.All(c => char.IsAsciiDigit(c) || c is '.' or '-'))
            return WithoutUnit(Quoted.Text(text));
        if (!DurationText.TryParse(text, out TimeSpan value)) return Unexpected(Quoted.Text(text));
        if (value > Maximum) return Parsed<TimeSpan>.Wrong($"expected a duration of at most {DurationText.Format(Maximum)}, found {Quoted.Text(text)}");
        return value >= Minimum ? Parsed<TimeSpan>.Right(value) : Unexpected(Quoted.Text(text));
    }

    private Parsed<TimeSpan> WithoutUnit(string found) => Unexpected($"{found} without a unit");
}
