using System.Text.Json.Nodes;
using Canal.Core.Addressing;
using Canal.Core.Resources;

namespace Canal.Docker;

/// <summary>Reads the fields of Docker's messages; what is missing or of another kind is empty.</summary>
internal static class Fields
{
    public static string Text(this JsonObject at, string name) => at[name] is JsonValue value && value.TryGetValue(out string? text) ? text : "";

    public static bool Flag(this JsonObject at, string name) => at[name] is JsonValue value && value.TryGetValue(out bool flag) && flag;

    public static JsonObject Object(this JsonObject at, string name) => at[name] as JsonObject ?? [];

    /// <summary>An id of Docker's, which becomes part of names of files, keys and interfaces.</summary>
    /// <exception cref="DriverException">It is none.</exception>
    public static string Id(this JsonObject at, string name)
    {
        string id = at.Text(name);
        return IsId(id) ? id : throw new DriverException($"{name}: {Problem.Quote(id)} is not an id");
    }

    public static bool IsId(string text) => text.Length is > 0 and <= 128 && text.All(char.IsAsciiLetterOrDigit);

    /// <summary>An address, whatever the length of its prefix, if one is given.</summary>
    /// <exception cref="DriverException">It is none.</exception>
    public static IpAddress Address(string text)
    {
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        return IpAddress.TryParse(slash < 0 ? text : text.AsSpan(0, slash), out IpAddress address) ? address : throw new DriverException($"{Problem.Quote(text)} is not an address");
    }
}
