using System.Text.Json.Nodes;
using Canal.Core.Resources;

namespace Canal.Docker;

/// <summary>What options of a network, or of one container in it, say of endpoints.</summary>
/// <param name="Labels">The options <c>label.NAME=VALUE</c>.</param>
/// <param name="Profiles">The option <c>profiles=A,B</c>: these and no other; empty: the network's own.</param>
/// <param name="Network">The option <c>network=NAME</c>: what the network's own profile is called; empty: after its id.</param>
internal sealed record EndpointOptions(LabelMap Labels, IReadOnlyList<string> Profiles, string Network)
{
    private const string Label = "label.", ProfilesOption = "profiles", NetworkOption = "network", Dockers = "com.docker.network.";

    /// <summary>Reads what is said of all of a network's endpoints. What is not known is refused: an option that does nothing is worse than a network that is not made.</summary>
    /// <exception cref="DriverException">An option that is not known.</exception>
    public static EndpointOptions OfNetwork(JsonObject options)
    {
        string? unknown = options.Select(option => option.Key).FirstOrDefault(name => !IsKnown(name) && !name.StartsWith(Dockers, StringComparison.Ordinal));
        return unknown is null ? Read(options) : throw new DriverException($"-o {Problem.Quote(unknown)}: there are label.NAME=VALUE, profiles=A,B and network=NAME");
    }

    /// <summary>Reads what is said of one endpoint; the rest is Docker's.</summary>
    public static EndpointOptions Read(JsonObject options)
    {
        LabelMap labels = default;
        foreach ((string name, JsonNode? _) in options)
            if (IsLabel(name)) labels = labels.With(name[Label.Length..], options.Text(name));
        string[] profiles = options.Text(ProfilesOption).Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return new EndpointOptions(labels, profiles, options.Text(NetworkOption));
    }

    /// <summary>This, with what is said of one endpoint.</summary>
    public EndpointOptions With(EndpointOptions own)
    {
        LabelMap labels = Labels;
        foreach ((string name, string value) in own.Labels) labels = labels.With(name, value);
        return this with { Labels = labels, Profiles = own.Profiles.Count > 0 ? own.Profiles : Profiles };
    }

    /// <summary>As it was read.</summary>
    public JsonObject ToJson()
    {
        JsonObject json = new() { [ProfilesOption] = string.Join(',', Profiles), [NetworkOption] = Network };
        foreach ((string name, string value) in Labels) json[Label + name] = value;
        return json;
    }

    private static bool IsKnown(string name) => IsLabel(name) || name is ProfilesOption or NetworkOption;

    private static bool IsLabel(string name) => name.Length > Label.Length && name.StartsWith(Label, StringComparison.Ordinal);
}
