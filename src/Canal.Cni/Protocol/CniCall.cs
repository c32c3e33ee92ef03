using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Canal.Cni;

/// <summary>What a runtime asks, checked.</summary>
internal sealed partial record CniCall
{
    public required string Command { get; init; }

    public required string Version { get; init; }

    public required string ContainerId { get; init; }

    /// <summary>Path of the container's network namespace; empty when it is gone.</summary>
    public required string Netns { get; init; }

    /// <summary>The interface inside the container.</summary>
    public required string IfName { get; init; }

    public required CniArguments Arguments { get; init; }

    /// <summary>Where other plugins are.</summary>
    public required string[] Path { get; init; }

    public required string NetworkName { get; init; }

    /// <summary>The whole configuration as the runtime sent it.</summary>
    public required JsonObject Config { get; init; }

    public JsonObject? Ipam => CniJson.Object(Config, "ipam");

    public JsonObject? Runtime => CniJson.Object(Config, "runtimeConfig");

    /// <summary><c>args.cni</c>: what whoever asked for the container adds to the network's configuration.</summary>
    public JsonObject? Extra => CniJson.Object(CniJson.Object(Config, "args"), "cni");

    /// <summary>What came out of the plugins before, or of the ADD that is now checked or undone; null when there is none.</summary>
    public CniResult? Previous => CniJson.Object(Config, "prevResult") is { } result ? CniResult.Read(result) : null;

    public bool HasIpam => CniJson.Text(Ipam, "type").Length > 0;

    /// <summary>A plugin before this one in the list has made the interface; this one takes it under policy.</summary>
    public bool IsChained => !HasIpam && Config["prevResult"] is JsonObject;

    public static CniCall Read(CniEnvironment environment, JsonObject config, string version)
    {
        bool perContainer = environment.Command is "ADD" or "DEL" or "CHECK";
        if (!perContainer && environment.Command is not ("GC" or "STATUS"))
            throw new CniException(CniCode.Environment, $"CNI_COMMAND: '{environment.Command}' is not ADD, DEL, CHECK, GC, STATUS or VERSION");
        if (perContainer) Check(environment);
        string network = CniJson.Text(config, "name");
        if (!Name().IsMatch(network)) throw new CniException(CniCode.Configuration, $"name: '{network}' is not the name of a network");
        CniCall call = new()
        {
            Command = environment.Command,
            Version = version,
            ContainerId = environment.ContainerId,
            Netns = environment.Netns,
            IfName = environment.IfName,
            Arguments = CniArguments.Parse(environment.Arguments),
            Path = environment.Path.Split(':', StringSplitOptions.RemoveEmptyEntries),
            NetworkName = network,
            Config = config,
        };
        if (call.Command == "CHECK" && call.Previous is null) throw new CniException(CniCode.Configuration, "prevResult: is missing, and CHECK needs it");
        return call;
    }

    private static void Check(CniEnvironment environment)
    {
        if (!Name().IsMatch(environment.ContainerId))
            throw new CniException(CniCode.Environment, $"CNI_CONTAINERID: '{environment.ContainerId}' is not a container's id");
        bool usable = environment.IfName.Length is > 0 and <= 15 && environment.IfName is not ("." or "..") && !environment.IfName.Any(c => c is '/' or ':' || char.IsWhiteSpace(c));
        if (!usable) throw new CniException(CniCode.Environment, $"CNI_IFNAME: '{environment.IfName}' is not a name of an interface");
        if (environment.Netns.Length == 0 && environment.Command != "DEL") throw new CniException(CniCode.Environment, "CNI_NETNS: is missing");
    }

    [GeneratedRegex("^[a-zA-Z0-9][a-zA-Z0-9_.-]*$")]
    private static partial Regex Name();
}
