using System.Text;

namespace Canal.FlannelBridge.Charon;

/// <summary>A section of a message of charon's control protocol: values, lists and sections by name, in the order in which they were put in.</summary>
internal sealed class ViciSection
{
    public Dictionary<string, byte[]> Values { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, string[]> Lists { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, ViciSection> Sections { get; } = new(StringComparer.Ordinal);

    public ViciSection Set(string name, string value) => Set(name, Encoding.UTF8.GetBytes(value));

    public ViciSection Set(string name, byte[] value)
    {
        Values[name] = value;
        return this;
    }

    public ViciSection Set(string name, params string[] items)
    {
        Lists[name] = items;
        return this;
    }

    public ViciSection Set(string name, ViciSection section)
    {
        Sections[name] = section;
        return this;
    }

    /// <summary>A value as text; empty when it is not there.</summary>
    public string Text(string name) => Values.TryGetValue(name, out byte[]? value) ? Encoding.UTF8.GetString(value) : "";

    /// <summary>A list; empty when it is not there.</summary>
    public string[] List(string name) => Lists.GetValueOrDefault(name, []);
}
