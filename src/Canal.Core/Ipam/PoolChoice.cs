using Canal.Core.Addressing;
using Canal.Core.Labels;
using Canal.Core.Resources;

namespace Canal.Core.Ipam;

/// <summary>Which pools serve a request, in the order of their names or as requested; with the reasons of those that do not.</summary>
/// <remarks>A pool that is requested is used whatever it selects and whatever its assignment mode, as Calico does; disabled pools and pools for
/// other uses never are.</remarks>
internal sealed class PoolChoice
{
    private readonly AddressRequest request;
    private readonly IpamPicture picture;
    private readonly IpFamily family;
    private readonly List<string> refusals = [];
    private readonly Dictionary<string, string> nodeLabels;
    private readonly Dictionary<string, string> namespaceLabels;

    private PoolChoice(AddressRequest request, IpamPicture picture, IpFamily family)
    {
        this.request = request;
        this.picture = picture;
        this.family = family;
        nodeLabels = Labels(picture.NodeLabels);
        namespaceLabels = Labels(request.Namespace is { } name ? picture.NamespaceLabels.With(WellKnownLabels.Name, name) : default);
    }

    /// <summary>Pools that addresses may be taken from; when there are none, the reason.</summary>
    public static List<IpPool> Of(AddressRequest request, IpamPicture picture, IpFamily family, out Shortage? shortage)
    {
        PoolChoice choice = new(request, picture, family);
        List<IpPool> chosen = request.Pools.Any(pool => pool.Family == family) ? choice.Requested() : choice.Selected();
        shortage = chosen.Count > 0 ? null : new Shortage(ShortageKind.NoPool,
            $"no {(family == IpFamily.V4 ? "IPv4" : "IPv6")} pool serves {request.Use} addresses for {request.Owner}: "
            + (choice.refusals.Count == 0 ? "there is no such pool" : string.Join("; ", choice.refusals)));
        return chosen;
    }

    /// <summary>Whether an enabled pool selects the owner's node, whatever the request.</summary>
    public static bool SelectsNode(IpPool pool, IpamPicture picture) =>
        Selector.TryParse(pool.NodeSelector, out Selector? selector, out _) && selector.Evaluate(Labels(picture.NodeLabels));

    /// <summary>Why no address can be taken from the pool by anybody; null when it can.</summary>
    public static string? Unusable(IpPool pool)
    {
        int longest = pool.Cidr.Family.Bits, shortest = longest - 12;
        if (pool.Disabled) return "is disabled";
        if (pool.BlockSize < shortest || pool.BlockSize > longest) return $"has blockSize {pool.BlockSize}, not {shortest} to {longest}";
        return pool.BlockSize < pool.Cidr.Length ? $"has blockSize {pool.BlockSize} and is itself smaller, {pool.Cidr}" : null;
    }

    private List<IpPool> Requested()
    {
        List<IpPool> chosen = [];
        foreach (Cidr cidr in request.Pools)
        {
            if (cidr.Family != family) continue;
            IpPool? pool = picture.Pools.Select(entry => entry.Value.Value).FirstOrDefault(pool => pool?.Cidr == cidr);
            if (pool is null) refusals.Add($"there is no pool {cidr}");
            else if ((Unusable(pool) ?? WrongUse(pool)) is { } reason) Refuse(pool, reason);
            else chosen.Add(pool);
        }
        // Half of what was asked for is not what was asked for.
        return refusals.Count == 0 ? chosen : [];
    }

    private List<IpPool> Selected()
    {
        List<IpPool> chosen = [];
        foreach ((string name, Seen<IpPool> seen) in picture.Pools)
        {
            if (seen.Value is not { } pool) refusals.Add($"{name} cannot be read");
            else if (pool.Cidr.Family != family) continue;
            else if ((Unusable(pool) ?? WrongUse(pool) ?? NotSelected(pool)) is { } reason) Refuse(pool, reason);
            else if (chosen.All(other => other.Cidr != pool.Cidr)) chosen.Add(pool);
        }
        return chosen;
    }

    private string? WrongUse(IpPool pool) => (pool.AllowedUses & request.Use) == 0 ? $"is for {pool.AllowedUses}" : null;

    private string? NotSelected(IpPool pool)
    {
        if (pool.AssignmentMode != AssignmentMode.Automatic) return "serves only requests that name it";
        return Mismatch("nodeSelector", pool.NodeSelector, nodeLabels)
            ?? (pool.NamespaceSelector.Length == 0 ? null
                : request.Namespace is null ? "selects namespaces, and the request has none"
                : Mismatch("namespaceSelector", pool.NamespaceSelector, namespaceLabels));
    }

    private static string? Mismatch(string field, string text, Dictionary<string, string> labels)
    {
        if (!Selector.TryParse(text, out Selector? selector, out SelectorError? error)) return $"has a {field} that cannot be read: {error.Reason}";
        return selector.Evaluate(labels) ? null : $"has {field} {text}";
    }

    private void Refuse(IpPool pool, string reason) => refusals.Add($"{pool.Key.Name} {reason}");

    private static Dictionary<string, string> Labels(LabelMap map)
    {
        Dictionary<string, string> labels = [];
        foreach ((string name, string value) in map) labels[name] = value;
        return labels;
    }
}
