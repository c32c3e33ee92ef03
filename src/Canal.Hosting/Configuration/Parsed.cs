namespace Canal.Hosting;

/// <summary>A value read from text, or what is wrong with the text.</summary>
internal readonly record struct Parsed<T>(T Value, string? Error, TomlPosition? Position = null)
{
    public static Parsed<T> Right(T value) => new(value, null);

    public static Parsed<T> Wrong(string error) => new(default!, error);
}
