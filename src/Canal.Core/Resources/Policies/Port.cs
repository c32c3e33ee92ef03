using System.Buffers;
using System.Globalization;
using Canal.Core.Addressing;

namespace Canal.Core.Resources;

/// <summary>A port of a rule: a number, a range <c>8000:8100</c>, or the name of an endpoint's port.</summary>
public readonly record struct Port
{
    private const int LongestName = 128;
    private static readonly SearchValues<char> NameCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");

    public Port(ushort number) : this(new PortRange(number, number))
    {
    }

    public Port(PortRange range) => Range = range;

    private Port(string name) => Name = name;

    /// <summary>Both ends; 0 to 0 for a named port.</summary>
    public PortRange Range { get; }

    /// <summary>Null for a numeric port.</summary>
    public string? Name { get; }

    public bool IsNamed => Name is not null;

    /// <summary>The port of this name.</summary>
    public static Port Named(string name) => new(name);

    /// <summary>Reads <c>80</c>, <c>8000:8100</c> or a name of 1 to 128 letters, digits, <c>_ . -</c>.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out Port port)
    {
        port = default;
        if (text.IsEmpty) return false;
        int colon = text.IndexOf(':');
        if (colon >= 0)
            return TryParseRange(text[..colon], text[(colon + 1)..], out port);
        if (!text.ContainsAnyExceptInRange('0', '9'))
            return TryParseRange(text, text, out port);
        if (text.Length > LongestName || text.ContainsAnyExcept(NameCharacters)) return false;
        port = new Port(text.ToString());
        return true;
    }

    private static bool TryParseRange(ReadOnlySpan<char> first, ReadOnlySpan<char> last, out Port port)
    {
        port = default;
        if (!ushort.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out ushort low)
            || !ushort.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out ushort high) || low > high) return false;
        port = new Port(new PortRange(low, high));
        return true;
    }

    /// <summary>As in the data: <c>80</c>, <c>8000:8100</c>, <c>https</c>.</summary>
    public override string ToString() => Name
        ?? (Range.First == Range.Last
            ? Range.First.ToString(CultureInfo.InvariantCulture)
            : string.Create(CultureInfo.InvariantCulture, $"{Range.First}:{Range.Last}"));
}
