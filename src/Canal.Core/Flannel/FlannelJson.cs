using System.Text.Json;
using Canal.Core.Addressing;
using Canal.Core.Resources;

namespace Canal.Core.Flannel;

/// <summary>
/// Fields of a JSON object as Go's decoder gives them: names in any case, of equal names the last, null as if the field were not there. The first field
/// that is not what it should be throws <see cref="FlannelFormatException"/>.
/// </summary>
internal readonly struct FlannelJson
{
    private readonly JsonElement value;

    private FlannelJson(JsonElement value) => this.value = value;

    /// <summary>Reads one JSON value that must be an object or null.</summary>
    /// <param name="json">UTF-8.</param>
    /// <param name="what">What it is, for the message.</param>
    public static FlannelJson Parse(ReadOnlyMemory<byte> json, string what)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            ReadAllText(document.RootElement);
            return From(document.RootElement.Clone(), what);
        }
        catch (InvalidOperationException)
        {
            throw new FlannelFormatException($"{what} holds text that is not Unicode");
        }
        catch (JsonException e)
        {
            throw new FlannelFormatException($"{what} is not JSON: {e.Message}");
        }
    }

    /// <summary>What is no Unicode text (half of a surrogate pair, bytes that are no UTF-8) is JSON to the parser, and an exception where it is first read: here.</summary>
    private static void ReadAllText(JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.String) _ = element.GetString();
        if (element.ValueKind == JsonValueKind.Array)
            foreach (JsonElement item in element.EnumerateArray()) ReadAllText(item);
        if (element.ValueKind != JsonValueKind.Object) return;
        foreach (JsonProperty property in element.EnumerateObject())
        {
            _ = property.Name;
            ReadAllText(property.Value);
        }
    }

    private static FlannelJson From(JsonElement element, string what) => element.ValueKind is JsonValueKind.Object or JsonValueKind.Null
        ? new FlannelJson(element)
        : throw new FlannelFormatException($"{what} is {Kind(element)}, not an object");

    /// <summary>The field whatever it is, null included; or nothing when it is not there.</summary>
    public JsonElement? Find(string name)
    {
        JsonElement? found = null;
        if (value.ValueKind != JsonValueKind.Object) return null;
        foreach (JsonProperty property in value.EnumerateObject())
            if (property.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) found = property.Value;
        return found;
    }

    private JsonElement? Given(string name) => Find(name) is { ValueKind: not JsonValueKind.Null } found ? found : null;

    public bool Flag(string name, bool otherwise) => Given(name) is not { } found ? otherwise : found.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Wrong(name, found, "true or false"),
    };

    public string Text(string name) => Given(name) is not { } found ? "" : found.ValueKind == JsonValueKind.String ? found.GetString()! : throw Wrong(name, found, "a string");

    /// <summary>A whole number from 0; 0 when it is not there.</summary>
    public uint Number(string name, uint most = uint.MaxValue) => Given(name) is not { } found ? 0
        : found.ValueKind == JsonValueKind.Number && found.TryGetUInt32(out uint number) && number <= most ? number
        : throw Wrong(name, found, $"a whole number from 0 to {most}");

    /// <summary>A prefix with its length; its host bits are cleared. Not null: flannel refuses that too.</summary>
    public Cidr? Prefix(string name, IpFamily family)
    {
        if (Find(name) is not { } found) return null;
        string text = found.ValueKind == JsonValueKind.String ? found.GetString()! : throw Wrong(name, found, "a prefix");
        if (!text.Contains('/') || !Cidr.TryParse(text, out Cidr prefix)) throw new FlannelFormatException($"{name} {Problem.Quote(text)} is not a prefix like {Example(family)}");
        return prefix.Family == family ? prefix : throw new FlannelFormatException($"{name} {Problem.Quote(text)} is not of the family {Word(family)}");
    }

    /// <summary>An address. Not null: flannel refuses that too.</summary>
    public IpAddress? Address(string name, IpFamily family)
    {
        if (Find(name) is not { } found) return null;
        string text = found.ValueKind == JsonValueKind.String ? found.GetString()! : throw Wrong(name, found, "an address");
        if (!IpAddress.TryParse(text, out IpAddress address)) throw new FlannelFormatException($"{name} {Problem.Quote(text)} is not an IP address");
        return address.Family == family ? address : throw new FlannelFormatException($"{name} {Problem.Quote(text)} is not of the family {Word(family)}");
    }

    /// <summary>An object; one without fields when it is null.</summary>
    public FlannelJson? Object(string name) => Find(name) is { } found ? From(found, name) : null;

    /// <summary>The value's own JSON text; empty when it is not there or null.</summary>
    public string Raw(string name) => Given(name)?.GetRawText() ?? "";

    private static string Example(IpFamily family) => family == IpFamily.V4 ? "10.5.0.0/16" : "fd05::/48";

    private static string Word(IpFamily family) => family == IpFamily.V4 ? "IPv4" : "IPv6";

    private static FlannelFormatException Wrong(string name, JsonElement found, string expected)
    {
        string text = found.ValueKind is JsonValueKind.String or JsonValueKind.Number ? Problem.Quote(found.GetRawText()) : Kind(found);
        return new FlannelFormatException($"{name} is {text}, not {expected}");
    }

    private static string Kind(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Array => "a list",
        JsonValueKind.Object => "an object",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "true or false",
    };
}
