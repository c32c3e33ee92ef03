using Canal.Core.Resources;

namespace Canal.Ctl;

/// <summary>A label to put on, or (without a value) to take off.</summary>
internal sealed record LabelChange(string Key, string? Value)
{
    /// <summary>Reads <c>KEY=VALUE</c> or <c>KEY-</c>; with <c>--remove</c> <c>KEY</c>.</summary>
    /// <exception cref="CommandException">Usage.</exception>
    public static LabelChange Parse(string word, bool remove)
    {
        int equals = word.IndexOf('=', StringComparison.Ordinal);
        if (remove && equals < 0)
            return new LabelChange(word.TrimEnd('-'), null);
        if (!remove && equals > 0)
            return new LabelChange(word[..equals], word[(equals + 1)..]);
        if (!remove && equals < 0 && word.Length > 1 && word[^1] == '-')
            return new LabelChange(word[..^1], null);
        throw CommandException.Usage($"label: {Problem.Quote(word)} is not {(remove ? "KEY" : "KEY=VALUE or KEY-")}");
    }
}
