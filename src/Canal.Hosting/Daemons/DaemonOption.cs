namespace Canal.Hosting;

/// <summary>An option of a daemon's program, as it is told to people.</summary>
/// <param name="Name">As it is written: <c>--reload</c>.</param>
/// <param name="Help">What it does, for a line of the usage: <c>print the version</c>.</param>
/// <param name="More">Whole sentences that the manual page has besides; may be empty.</param>
/// <param name="Value">What follows it: <c>DIR</c>; null for nothing.</param>
public sealed record DaemonOption(string Name, string Help, string More = "", string? Value = null)
{
    /// <summary>For the usage's first column.</summary>
    public string Head => Value is null ? Name : $"{Name} {Value}";

    /// <summary>For the manual page.</summary>
    public string Sentences => $"{char.ToUpperInvariant(Help[0])}{Help[1..]}.{(More.Length == 0 ? "" : " ")}{More}";
}
