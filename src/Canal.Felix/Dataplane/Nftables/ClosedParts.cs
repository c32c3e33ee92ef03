using Canal.Core.Resources;

namespace Canal.Felix.Dataplane.Nftables;

/// <summary>
/// Policies, profiles and endpoints that cannot be programmed as they are, and deny instead, until they change. Everything else is programmed as ever.
/// </summary>
internal sealed class ClosedParts
{
    private readonly Dictionary<ResourceKey, string> policies = [];
    private readonly Dictionary<string, string> endpoints = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> reasons = new(StringComparer.Ordinal);

    public IReadOnlyCollection<ResourceKey> Policies => policies.Keys;

    /// <summary>By the name that an operator knows: <c>gnp/web</c>, <c>endpoint caliw0</c>.</summary>
    public IReadOnlyDictionary<string, string> Reasons => reasons;

    public bool Contains(ResourceKey policy) => policies.ContainsKey(policy);

    /// <summary>Of an endpoint, by its interface.</summary>
    public bool Contains(string interfaceName) => endpoints.ContainsKey(interfaceName);

    /// <summary>Returns false when it is closed already.</summary>
    public bool Close(ResourceKey policy, string reason) => policies.TryAdd(policy, reason) && reasons.TryAdd(NameOf(policy), reason);

    /// <inheritdoc cref="Close(ResourceKey, string)"/>
    public bool Close(string interfaceName, string reason) => endpoints.TryAdd(interfaceName, reason) && reasons.TryAdd(NameOf(interfaceName), reason);

    public void Open(ResourceKey policy)
    {
        if (policies.Remove(policy)) reasons.Remove(NameOf(policy));
    }

    public void Open(string interfaceName)
    {
        if (endpoints.Remove(interfaceName)) reasons.Remove(NameOf(interfaceName));
    }

    public void OpenAll()
    {
        policies.Clear();
        endpoints.Clear();
        reasons.Clear();
    }

    private static string NameOf(ResourceKey policy) => KernelNames.PolicyId(policy);

    private static string NameOf(string interfaceName) => $"endpoint {interfaceName}";
}
