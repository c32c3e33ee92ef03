using System.Globalization;

namespace Canal.Hosting;

/// <summary>A whole number from <see cref="Minimum"/> to <see cref="Maximum"/>, both included.</summary>
public sealed class IntegerSetting(string key, long defaultValue, string doc) : Setting<long>(key, defaultValue, doc)
{
    public long Minimum { get; init; } = long.MinValue;

    public long Maximum { get; init; } = long.MaxValue;

    public override string Expected => (Minimum, Maximum) switch
    {
        (long.MinValue, long.MaxValue) => "an integer",
        (_, long.MaxValue) => $"an integer of at least {Minimum}",
        (long.MinValue, _) => $"an integer of at most {Maximum}",
        _ => $"an integer from {Minimum} to {Maximum}",
    };

    public override string Format(long value) => value.ToString(CultureInfo.InvariantCulture);

    internal override Parsed<long> ParseToml(TomlValue value) =>
        value is TomlInteger integer && InRange(integer.Value) ? Parsed<long>.Right(integer.Value) : Unexpected(value);

    internal override Parsed<long> ParseText(string text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value) && InRange(value)
            ? Parsed<long>.Right(value)
            : Unexpected(Quoted.Text(text));

    private bool InRange(long value) => value >= Minimum && value <= Maximum;
}
