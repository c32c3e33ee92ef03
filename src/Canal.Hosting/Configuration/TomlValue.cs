using System.Collections.Immutable;

namespace Canal.Hosting;

/// <summary>A TOML value with its place. A closed hierarchy, the only shape in which the parser's tree leaves <see cref="TomlDocument"/>.</summary>
internal abstract record TomlValue(TomlPosition Position)
{
    /// <summary>As an error names it: <c>the string "x"</c>, <c>a list</c>.</summary>
    public abstract string Describe();
}

internal sealed record TomlString(string Value, TomlPosition Position) : TomlValue(Position)
{
    public override string Describe() => $"the string {Quoted.Text(Value)}";
}

internal sealed record TomlInteger(long Value, TomlPosition Position) : TomlValue(Position)
{
    public override string Describe() => $"the integer {Value}";
}

internal sealed record TomlFloat(double Value, TomlPosition Position) : TomlValue(Position)
{
    public override string Describe() => FormattableString.Invariant($"the number {Value}");
}

internal sealed record TomlBool(bool Value, TomlPosition Position) : TomlValue(Position)
{
    public override string Describe() => Value ? "true" : "false";
}

internal sealed record TomlDateTime(TomlPosition Position) : TomlValue(Position)
{
    public override string Describe() => "a date or time";
}

internal sealed record TomlList(ImmutableArray<TomlValue> Items, TomlPosition Position) : TomlValue(Position)
{
    public override string Describe() => "a list";
}

internal sealed record TomlTable(ImmutableArray<TomlEntry> Entries, TomlPosition Position) : TomlValue(Position)
{
    public override string Describe() => "a table";
}
