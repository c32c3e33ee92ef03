using System.Text.Json.Nodes;

namespace Canal.Cni;

/// <summary>Versions of the specification.</summary>
internal static class CniVersion
{
    public const string Newest = "1.1.0";

    private static readonly string[] All = ["0.3.0", "0.3.1", "0.4.0", "1.0.0", Newest];

    /// <summary>What the configuration is written in; without the field that is 0.1.0, as the specification has it.</summary>
    public static string Of(JsonObject config) => CniJson.Text(config, "cniVersion") is { Length: > 0 } version ? version : "0.1.0";

    public static void Check(string version)
    {
        if (!All.Contains(version))
            throw new CniException(CniCode.IncompatibleVersion, $"cniVersion {version} is not supported", $"supported: {string.Join(", ", All)}");
    }

    /// <summary>Before 1.0.0 each address carries its family.</summary>
    public static bool NamesFamilies(string version) => version.StartsWith("0.", StringComparison.Ordinal);

    public static JsonObject Supported(string asked)
    {
        JsonArray versions = [];
        foreach (string version in All) versions.Add((JsonNode)version);
        return new JsonObject { ["cniVersion"] = All.Contains(asked) ? asked : Newest, ["supportedVersions"] = versions };
    }
}
