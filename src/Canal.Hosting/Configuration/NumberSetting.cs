using System.Globalization;

namespace Canal.Hosting;

/// <summary>A finite number, whole or not, from <see cref="Minimum"/> to <see cref="Maximum"/>, both included.</summary>
public sealed class NumberSetting(string key, double defaultValue, string doc) : Setting<double>(key, defaultValue, doc)
{
    public double Minimum { get; init; } = double.MinValue;

    public double Maximum { get; init; } = double.MaxValue;

    public override string Expected => (Minimum, Maximum) switch
    {
        (double.MinValue, double.MaxValue) => "a number",
        (_, double.MaxValue) => $"a number of at least {Format(Minimum)}",
        (double.MinValue, _) => $"a number of at most {Format(Maximum)}",
        _ => $"a number from {Format(Minimum)} to {Format(Maximum)}",
    };

    private protected override string TomlOf(string text) => text;

    public override string Format(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    internal override Parsed<double> ParseToml(TomlValue value) => value switch
    {
        TomlFloat number when InRange(number.Value) => Parsed<double>.Right(number.Value),
        TomlInteger integer when InRange(integer.Value) => Parsed<double>.Right(integer.Value),
        _ => Unexpected(value),
    };

    internal override Parsed<double> ParseText(string text) =>
        double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out double value)
            && InRange(value)
            ? Parsed<double>.Right(value)
            : Unexpected(Quoted.Text(text));

    // False for NaN and, as the bounds are finite, for the infinities.
    private bool InRange(double value) => value >= Minimum && value <= Maximum;
}
