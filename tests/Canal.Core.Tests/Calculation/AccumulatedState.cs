using Canal.Core.Calculation;
using Canal.Core.IpSets;
using Canal.Core.Policy;
using Canal.Core.Resources;
using Canal.Testing;

namespace Canal.Core.Tests.Calculation;

/// <summary>What a dataplane holds that was told nothing but changes; refuses changes that make no sense.</summary>
internal sealed class AccumulatedState
{
    public Dictionary<string, EndpointPolicy> Endpoints { get; } = [];

    public Dictionary<string, HostEndpointPolicy> HostEndpoints { get; } = [];

    public Dictionary<ResourceKey, CompiledPolicy> Policies { get; } = [];

    public Dictionary<IpSetSpec, SetMembers> Sets { get; } = [];

    public void Apply(DesiredChanges changes)
    {
        Assert.Equal(changes.Sets.Count, changes.Sets.Select(c => c.Set).Distinct().Count());
        foreach (IpSetChange change in changes.Sets) Apply(change);
        foreach ((ResourceKey key, CompiledPolicy? policy) in changes.Policies) Apply(Policies, key, policy, policy?.Key);
        foreach ((string name, EndpointPolicy? endpoint) in changes.Endpoints) Apply(Endpoints, name, endpoint, endpoint?.InterfaceName);
        foreach ((string name, HostEndpointPolicy? endpoint) in changes.HostEndpoints) Apply(HostEndpoints, name, endpoint, endpoint?.Key.Name);
        CheckReferences();
    }

    /// <summary>One line for each endpoint, policy, profile and set, in order.</summary>
    public List<string> Describe()
    {
        IEnumerable<string> endpoints = Endpoints.Values.Select(e =>
            $"{e.InterfaceName} is {e.Key.Name}: in {Describe(e.Ingress)}, out {Describe(e.Egress)}, profiles {(e.Profiles.IsEmpty ? "-" : string.Join(' ', e.Profiles))}");
        IEnumerable<string> policies = Policies.Keys.Select(k => $"{(k.Kind == ResourceKind.Profile ? "profile" : "policy")} {Describe(k)}");
        IEnumerable<string> sets = Sets.Select(s => $"set {s.Key.Description}: {s.Value}".TrimEnd());
        IEnumerable<string> hosts = HostEndpoints.Values.Select(h => $"host endpoint {h.Key.Name}: {string.Join(", ", Enum.GetValues<PolicyStage>().Where(s => !h.Tiers(s).IsEmpty)
            .Select(s => $"{s} in {Describe(h.Tiers(s).Ingress)} out {Describe(h.Tiers(s).Egress)}").Append($"profiles {(h.Profiles.IsEmpty ? "-" : string.Join(' ', h.Profiles))}"))}");
        return [.. endpoints.Concat(hosts).Concat(policies).Concat(sets).Order(StringComparer.Ordinal)];
    }

    /// <summary>Holds exactly what a calculation from scratch says; so does what the calculator tells of all members of its sets.</summary>
    public void CheckEquals(NaiveCalculator naive, PolicyCalculator calculator)
    {
        AssertSame(naive.Sets.ToDictionary(s => s.Key.Id, s => $"{s.Key.Description}: {s.Value}"), Sets.ToDictionary(s => s.Key.Id, s => $"{s.Key.Description}: {s.Value}"));
        AssertSame(naive.Policies, Policies);
        AssertSame(naive.Endpoints, Endpoints);
        AssertSame(naive.HostEndpoints, HostEndpoints);
        Assert.Equal(HostEndpoints.Count, calculator.HostEndpointCount);
        foreach ((IpSetSpec set, SetMembers members) in Sets) Assert.Equal(members.ToString(), SetMembers.Of(calculator.Members(set)!).ToString());
        Assert.Equal(Sets.Count, calculator.SetCount);
        Assert.Equal(Policies.Count, calculator.ActivePolicyCount);
    }

    private static void AssertSame<TKey, TValue>(Dictionary<TKey, TValue> expected, Dictionary<TKey, TValue> actual) where TKey : notnull
    {
        foreach ((TKey key, TValue value) in expected)
        {
            Assert.True(actual.TryGetValue(key, out TValue? found), $"{key} is missing");
            Assert.Equal(value, found);
        }
        foreach (TKey key in actual.Keys) Assert.True(expected.ContainsKey(key), $"{key} is too much");
    }

    private void Apply(IpSetChange change)
    {
        bool known = Sets.TryGetValue(change.Set, out SetMembers? members);
        Assert.Equal(change.Kind != IpSetChangeKind.Created, known);
        if (change.Kind == IpSetChangeKind.Removed)
        {
            Assert.True(change.Members.IsEmpty);
            Sets.Remove(change.Set);
            return;
        }
        Assert.True(change.Kind == IpSetChangeKind.Created || !change.Members.IsEmpty, "an update without a change");
        if (!known) Sets.Add(change.Set, members = new SetMembers());
        Apply(members!.Addresses, change.Members.AddedAddresses, change.Members.RemovedAddresses);
        Apply(members.Prefixes, change.Members.AddedPrefixes, change.Members.RemovedPrefixes);
        Apply(members.Ports, change.Members.AddedPorts, change.Members.RemovedPorts);
        Assert.DoesNotContain(members.Prefixes, p => p.IsSingleAddress || members.Prefixes.Any(other => other != p && other.Contains(p)));
    }

    private static void Apply<T>(HashSet<T> members, List<T> added, List<T> removed)
    {
        Assert.Empty(added.Intersect(removed));
        foreach (T member in removed) Assert.True(members.Remove(member), $"{member} was no member");
        foreach (T member in added) Assert.True(members.Add(member), $"{member} was a member");
    }

    private static void Apply<TKey, TValue>(Dictionary<TKey, TValue> told, TKey key, TValue? value, object? keyInside) where TKey : notnull where TValue : class
    {
        if (value is null)
        {
            Assert.True(told.Remove(key), $"{key} vanished and was not there");
            return;
        }
        Assert.Equal(key, keyInside);
        Assert.False(told.TryGetValue(key, out TValue? before) && before.Equals(value), $"{key} was told again without a change");
        told[key] = value;
    }

    private void CheckReferences()
    {
        foreach (EndpointPolicy endpoint in Endpoints.Values)
        {
            CheckReferences(endpoint.Ingress.Concat(endpoint.Egress), endpoint.Profiles, PolicyStage.Normal);
        }
        foreach (HostEndpointPolicy host in HostEndpoints.Values)
            foreach (PolicyStage stage in Enum.GetValues<PolicyStage>())
                CheckReferences(host.Tiers(stage).Ingress.Concat(host.Tiers(stage).Egress), host.Profiles, stage == PolicyStage.Forward ? PolicyStage.Normal : stage);
        foreach (CompiledPolicy policy in Policies.Values)
            foreach (IpSetSpec set in PolicyCompiler.Sets(policy)) Assert.True(Sets.ContainsKey(set), $"{policy.Key} refers to an unknown set {set.Description}");
    }

    private void CheckReferences(IEnumerable<TierPolicies> tiers, EquatableArray<string> profiles, PolicyStage stage)
    {
        foreach (TierPolicies tier in tiers)
        {
            Assert.False(tier.Policies.IsEmpty, "a tier without policies");
            foreach (ResourceKey key in tier.Policies)
            {
                CompiledPolicy policy = Assert.Contains(key, Policies);
                Assert.Equal((tier.Tier, stage), (policy.Tier, policy.Stage));
            }
        }
        foreach (string profile in profiles) Assert.Contains(new ResourceKey(ResourceKind.Profile, null, profile), Policies);
    }

    private static string Describe(EquatableArray<TierPolicies> tiers) => tiers.IsEmpty
        ? "-"
        : string.Join(' ', tiers.Select(t => $"{t.Tier}{(t.EndAction == TierAction.Pass ? "~" : "")}[{string.Join(' ', t.Policies.Select(Describe))}]"));

    private static string Describe(ResourceKey key) => key.Namespace is null ? key.Name : $"{key.Namespace}/{key.Name}";
}
