using System.Text.Json.Nodes;
using Canal.Core.Addressing;

namespace Canal.Cni;

/// <summary>The result of ADD, whatever version it is written in.</summary>
internal sealed record CniResult
{
    public List<CniInterface> Interfaces { get; init; } = [];

    public List<CniAddress> Addresses { get; init; } = [];

    public List<CniRoute> Routes { get; init; } = [];

    /// <summary>As given; null for none.</summary>
    public JsonObject? Dns { get; init; }

    public static CniResult Read(JsonObject json) => new()
    {
        Interfaces = [.. CniJson.Objects(json, "interfaces").Select(CniInterface.Read)],
        Addresses = [.. CniJson.Objects(json, "ips").Select(CniAddress.Read)],
        Routes = [.. CniJson.Objects(json, "routes").Select(CniRoute.Read)],
        Dns = CniJson.Object(json, "dns"),
    };

    public JsonObject Write(string version)
    {
        JsonObject json = new() { ["cniVersion"] = version };
        if (Interfaces.Count > 0) json["interfaces"] = List(Interfaces.Select(link => link.Write()));
        if (Addresses.Count > 0) json["ips"] = List(Addresses.Select(address => address.Write(version)));
        if (Routes.Count > 0) json["routes"] = List(Routes.Select(route => route.Write()));
        json["dns"] = Dns?.DeepClone() ?? new JsonObject();
        return json;
    }

    private static JsonArray List(IEnumerable<JsonObject> items)
    {
        JsonArray array = [];
        foreach (JsonObject item in items) array.Add((JsonNode)item);
        return array;
    }
}

/// <summary>An interface of a result.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Mac">Empty when not told.</param>
/// <param name="Sandbox">Path of its namespace; empty for the host's.</param>
/// <param name="Json">All it was read with, for those that are passed on.</param>
internal sealed record CniInterface(string Name, string Mac, string Sandbox, JsonObject? Json = null)
{
    public static CniInterface Read(JsonObject json) => new(CniJson.Text(json, "name"), CniJson.Text(json, "mac"), CniJson.Text(json, "sandbox"), json);

    public JsonObject Write()
    {
        JsonObject json = Json is null ? [] : (JsonObject)Json.DeepClone();
        json["name"] = Name;
        if (Mac.Length > 0) json["mac"] = Mac;
        if (Sandbox.Length > 0) json["sandbox"] = Sandbox;
        return json;
    }
}

/// <summary>An address of a result.</summary>
/// <param name="Address">The address.</param>
/// <param name="Length">Of the prefix it is written with.</param>
/// <param name="Gateway">Null for none.</param>
/// <param name="Interface">Index into the interfaces; null for none.</param>
internal sealed record CniAddress(IpAddress Address, int Length, IpAddress? Gateway, int? Interface)
{
    public static CniAddress Read(JsonObject json)
    {
        string text = CniJson.Text(json, "address");
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0 || !Cidr.TryParse(text, out Cidr prefix) || !IpAddress.TryParse(text.AsSpan(0, slash), out IpAddress address))
            throw new CniException(CniCode.Decode, $"ips: '{text}' is not an address with a prefix length");
        IpAddress? gateway = IpAddress.TryParse(CniJson.Text(json, "gateway"), out IpAddress found) ? found : null;
        return new CniAddress(address, prefix.Length, gateway, json["interface"] is null ? null : CniJson.Number(json, "interface", int.MaxValue));
    }

    public JsonObject Write(string version)
    {
        JsonObject json = [];
        if (CniVersion.NamesFamilies(version)) json["version"] = Address.Family == IpFamily.V4 ? "4" : "6";
        if (Interface is { } index) json["interface"] = index;
        json["address"] = $"{Address}/{Length}";
        if (Gateway is { } gateway) json["gateway"] = gateway.ToString();
        return json;
    }
}

/// <summary>A route of a result.</summary>
/// <param name="Destination">Where to.</param>
/// <param name="Gateway">Null for none.</param>
/// <param name="Json">All it was read with, for those that are passed on.</param>
internal sealed record CniRoute(Cidr Destination, IpAddress? Gateway, JsonObject? Json = null)
{
    public static CniRoute Read(JsonObject json)
    {
        if (!Cidr.TryParse(CniJson.Text(json, "dst"), out Cidr destination)) throw new CniException(CniCode.Decode, $"routes: '{CniJson.Text(json, "dst")}' is not a destination");
        return new CniRoute(destination, IpAddress.TryParse(CniJson.Text(json, "gw"), out IpAddress gateway) ? gateway : null, json);
    }

    public JsonObject Write()
    {
        JsonObject json = Json is null ? [] : (JsonObject)Json.DeepClone();
        json["dst"] = Destination.ToString();
        if (Gateway is { } gateway) json["gw"] = gateway.ToString();
        return json;
    }
}
