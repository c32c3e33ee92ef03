namespace Canal.Hosting;

/// <summary><c>true</c> or <c>false</c>, in these words only.</summary>
public sealed class BoolSetting(string key, bool defaultValue, string doc) : Setting<bool>(key, defaultValue, doc)
{
    public override string Expected => "true or false";

    private protected override string TomlOf(string text) => text;

    public override string Format(bool value) => value ? "true" : "false";

    internal override Parsed<bool> ParseToml(TomlValue value) => value is TomlBool boolean ? Parsed<bool>.Right(boolean.Value) : Unexpected(value);

    internal override Parsed<bool> ParseText(string text) => text switch
    {
        "true" => Parsed<bool>.Right(true),
        "false" => Parsed<bool>.Right(false),
        _ => Unexpected(Quoted.Text(text)),
    };
}
