using System.Collections.Immutable;

namespace Canal.Hosting;

/// <summary>
/// A list of strings. In the environment and in flags: separated by commas, blanks around an item are dropped, empty text is the empty list; an item with a comma
/// can only be written in TOML. A higher source replaces the whole list.
/// </summary>
public sealed class StringListSetting(string key, ImmutableArray<string> defaultValue, string doc) : Setting<ImmutableArray<string>>(key, defaultValue, doc)
{
    /// <summary>Checks one item; returns what is wrong (<c>is not a URL</c>) or null. The error points at the item.</summary>
    public Func<string, string?>? CheckItem { get; init; }

    public override string Expected => "a list of strings";

    public override string Format(ImmutableArray<string> value) => string.Join(',', value);

    private protected override string TomlOf(string text) => $"[{string.Join(", ", ParseText(text).Value.Select(QuotedToml))}]";

    internal override Parsed<ImmutableArray<string>> ParseToml(TomlValue value)
    {
        if (value is not TomlList list)
            return Unexpected(value);
        ImmutableArray<string>.Builder items = ImmutableArray.CreateBuilder<string>(list.Items.Length);
        foreach (TomlValue item in list.Items)
        {
            if (item is not TomlString text)
                return Unexpected(item);
            if (WrongItem(text.Value) is { } error)
                return Parsed<ImmutableArray<string>>.Wrong(error) with { Position = item.Position };
            items.Add(text.Value);
        }
        return Parsed<ImmutableArray<string>>.Right(items.MoveToImmutable());
    }

    internal override Parsed<ImmutableArray<string>> ParseText(string text)
    {
        string[] items = text.Trim().Length == 0 ? [] : text.Split(',', StringSplitOptions.TrimEntries);
        foreach (string item in items)
            if (WrongItem(item) is { } error)
                return Parsed<ImmutableArray<string>>.Wrong(error);
        return Parsed<ImmutableArray<string>>.Right([.. items]);
    }

    private string? WrongItem(string item) =>
        item.Length == 0 ? "an item is empty" : CheckItem?.Invoke(item) is not { } wrong ? null : Secret ? $"an item {wrong}" : $"{Quoted.Text(item)} {wrong}";
}
