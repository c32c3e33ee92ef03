using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Canal.Core.Access;
using Canal.Core.Resources;

namespace Canal.Datastore;

/// <summary>
/// A change that is taken back unless somebody confirms it in time. It is in etcd beside the change: any canal-felix that is there when its time is up takes
/// the change back for all, and one that etcd is cut off from takes it back for its own host.
/// </summary>
/// <param name="Id">A short word.</param>
/// <param name="Deadline">When the change is taken back.</param>
/// <param name="Keys">What it writes.</param>
public sealed record Guard(string Id, DateTimeOffset Deadline, ImmutableArray<GuardedKey> Keys)
{
    /// <summary>Where guards are. Calico's programs do not look there.</summary>
    public const string Prefix = EtcdRoles.Guards;

    /// <summary>With its guard and the comparisons, what one transaction of etcd holds (128 operations).</summary>
    public const int MostKeys = 60;

    public string EtcdKey => Prefix + Id;

    /// <summary>Reads a guard; null with the reason when it is none. Only keys of resources can be guarded: nothing else is ever written by a guard.</summary>
    public static Guard? Decode(EtcdEntry entry, out string problem)
    {
        problem = "";
        if (!entry.KeyText.StartsWith(Prefix, StringComparison.Ordinal)) problem = "is not a guard's key";
        else if (Parse(entry) is { } guard) return guard;
        else problem = "is not a guard";
        return null;
    }

    /// <summary>The value in etcd.</summary>
    public byte[] Encode()
    {
        JsonArray keys = [];
        foreach (GuardedKey key in Keys)
        {
            JsonObject item = new() { ["key"] = key.Key };
            if (key.Before is { } before) item["before"] = Encoding.UTF8.GetString(before.Span);
            keys.Add((JsonNode)item);
        }
        return Encoding.UTF8.GetBytes(new JsonObject { ["deadline"] = Deadline.UtcDateTime.ToString("O", CultureInfo.InvariantCulture), ["keys"] = keys }.ToJsonString());
    }

    private static Guard? Parse(EtcdEntry entry)
    {
        try
        {
            if (JsonNode.Parse(entry.Value.Span) is not JsonObject root || root["keys"] is not JsonArray { Count: <= MostKeys } items
                || !DateTimeOffset.TryParse(Text(root["deadline"]), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset deadline)) return null;
            ImmutableArray<GuardedKey> keys = [.. items.Select(item => new GuardedKey(Text(item?["key"]) ?? "", Text(item?["before"]) is { } before ? (ReadOnlyMemory<byte>?)Encoding.UTF8.GetBytes(before) : null))];
            return keys.All(key => ResourceKey.TryParse(key.Key, out _, out _)) ? new Guard(entry.KeyText[Prefix.Length..], deadline, keys) : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue(out string? text) ? text : null;
}
