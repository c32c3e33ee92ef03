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

    private protected override string TomlOf(string text) => text;

    public override string Format(long value) => value.ToString(CultureInfo.InvariantCulture);

    internal override Parsed<long> ParseToml(TomlValue value) =>
        value is TomlInteger integer && InRange(integer.Value) ? Parsed<long>.Right(integer.Value) : Unexpected(value);

    internal override Parsed<long> ParseText(string text) =>
        TryParse(text, out long value) && InRange(value) ? Parsed<long>.Right(value) : Unexpected(Quoted.Text(text));

    /// <summary>Masks are written in hexadecimal, as in TOML.</summary>
    private static bool TryParse(string text, out long value) => text.StartsWith("0x", StringComparison.Ordinal)
        ? long.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value)
        : long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);

    private bool InRange(long value) => value >= Minimum && value <= Maximum;
}
