namespace Canal.Hosting;

/// <summary>A setting whose value is a <typeparamref name="T"/>; the key by which <see cref="Configuration.Get{T}"/> finds it.</summary>
public abstract class Setting<T> : Setting
{
    private protected Setting(string key, T defaultValue, string doc) : base(key, doc) => Default = defaultValue;

    /// <summary>The built-in value.</summary>
    public T Default { get; }

    /// <summary>An extra check; returns what is wrong as the end of a sentence that begins with the key (<c>must not be empty</c>), or null.</summary>
    public Func<T, string?>? Check { get; init; }

    /// <summary>The value as it would be written in the environment; what <see cref="ParseText"/> reads back.</summary>
    public abstract string Format(T value);

    internal abstract Parsed<T> ParseToml(TomlValue value);

    internal abstract Parsed<T> ParseText(string text);

    internal sealed override BoundValue DefaultValue => new BoundValue<T>(this, Default, ConfigurationOrigin.Default);

    internal sealed override BoundValue? BindToml(TomlValue value, ConfigurationOrigin origin, List<ConfigurationError> errors) =>
        Bind(ParseToml(value), origin, errors);

    internal sealed override BoundValue? BindText(string text, ConfigurationOrigin origin, List<ConfigurationError> errors) =>
        Bind(ParseText(text), origin, errors);

    /// <summary>"expected an integer, found the string "x""; the found part is left out for a secret.</summary>
    private protected Parsed<T> Unexpected(string found) => Parsed<T>.Wrong(Secret ? $"expected {Expected}" : $"expected {Expected}, found {found}");

    private protected Parsed<T> Unexpected(TomlValue value) => Unexpected(value.Describe()) with { Position = value.Position };

    private BoundValue<T>? Bind(Parsed<T> parsed, ConfigurationOrigin origin, List<ConfigurationError> errors)
    {
        string? error = parsed.Error is { } wrong ? $"{Key}: {wrong}" : Check?.Invoke(parsed.Value) is { } refused ? $"{Key} {refused}" : null;
        if (error is null)
            return new BoundValue<T>(this, parsed.Value, origin);
        errors.Add(origin.At(parsed.Position).Error(error));
        return null;
    }
}
