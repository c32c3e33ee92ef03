namespace Canal.Hosting;

/// <summary>Text, taken as it stands.</summary>
public sealed class StringSetting(string key, string defaultValue, string doc) : Setting<string>(key, defaultValue, doc)
{
    public override string Expected => "a string";

    public override string Format(string value) => value;

    internal override Parsed<string> ParseToml(TomlValue value) => value is TomlString text ? ParseText(text.Value) : Unexpected(value);

    internal override Parsed<string> ParseText(string text) =>
        text.Contains('\0') ? Parsed<string>.Wrong("a NUL character cannot be part of it") : Parsed<string>.Right(text);
}
