using Canal.Core;
using Canal.Core.Addressing;
using Canal.Core.Calculation;
using Canal.Core.Policy;
using Canal.Core.Resources;
using Canal.Felix.Configuration;
using Canal.Felix.Hosts;
using Canal.Felix.Wiring;
using Canal.Linux.Conntrack;

namespace Canal.Felix.Revocation;

/// <summary>
/// Cuts connections that policy no longer allows, by a bit of their marks that the base chains look at, and lets them go on when it allows them again. Their
/// entries stay: a connection that was only forgotten would be taken up again in the middle, by the answering side, as a new one.
/// </summary>
internal sealed class Revoker(IConntrack conntrack, PolicyCalculator calculator, InterfaceTable interfaces, HostInterfaces hosts, TimeProvider time)
{
    /// <summary>What changes in one go is looked at once.</summary>
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(20);

    /// <summary>Looking takes no more than this part of the time, but what is forbidden does not go on for longer than <see cref="LongestPause"/>.</summary>
    private const int Share = 20;
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    /// <summary>So long is looked in one turn of the loop; the rest waits for the next, and policy goes before it.</summary>
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(20);

    private readonly HashSet<string> affected = new(StringComparer.Ordinal);
    private readonly HashSet<string> affectedHosts = new(StringComparer.Ordinal);
    private readonly Queue<TrackedFlow> unseen = [];
    private OnRevoke mode = OnRevoke.Keep;
    private DateTimeOffset notBefore;

    /// <summary>When connections are to be looked at; null when nothing changed.</summary>
    public DateTimeOffset? Due { get; private set; }

    /// <summary>Connections that were cut since the start.</summary>
    public long Cut { get; private set; }

    /// <summary>Takes in what is wanted; what was let go on before is looked at when it is not to any more.</summary>
    public void Configure(OnRevoke wanted)
    {
        if (wanted == mode) return;
        bool begins = mode == OnRevoke.Keep && wanted != OnRevoke.Keep;
        mode = wanted;
        if (mode == OnRevoke.Keep) Forget();
        else if (begins) NoteAll();
    }

    /// <summary>What the dataplane has now been told: whose policy is different?</summary>
    public void Note(DesiredChanges changes)
    {
        if (mode == OnRevoke.Keep || changes.IsEmpty) return;
        HashSet<ResourceKey> policies = [.. changes.Policies.Keys];
        foreach (IpSetChange set in changes.Sets) policies.UnionWith(calculator.UsersOf(set.Set));
        affected.UnionWith(changes.Endpoints.Keys);
        affectedHosts.UnionWith(changes.HostEndpoints.Keys);
        if (policies.Count > 0)
        {
            foreach ((string name, EndpointPolicy endpoint) in interfaces.Endpoints)
                if (Names(endpoint.Ingress, policies) || Names(endpoint.Egress, policies) || NamesProfile(endpoint.Profiles, policies)) affected.Add(name);
            foreach (HostEndpointPolicy endpoint in hosts.Governing)
                if (Names(endpoint.Normal.Ingress, policies) || Names(endpoint.Normal.Egress, policies) || NamesProfile(endpoint.Profiles, policies)) affectedHosts.Add(endpoint.Key.Name);
        }
        Schedule();
    }

    /// <summary>Anything may have been let through.</summary>
    public void NoteAll()
    {
        if (mode == OnRevoke.Keep) return;
        affected.UnionWith(interfaces.Endpoints.Keys);
        affectedHosts.UnionWith(hosts.Governing.Select(e => e.Key.Name));
        Schedule();
    }

    /// <summary>Looks at the connections of those whose policy is different, or at as many as fit in a turn.</summary>
    /// <exception cref="Linux.Netlink.NetlinkException">The kernel did not answer; it is tried again.</exception>
    public RevocationCount Apply(FelixParameters parameters)
    {
        long start = time.GetTimestamp();
        notBefore = time.GetUtcNow() + Gathering;
        Due = notBefore;
        if (affected.Count + affectedHosts.Count > 0) Gather();
        RevocationCount count = Judge(parameters, start);
        Due = null;
        TimeSpan pause = time.GetElapsedTime(start) * Share;
        notBefore = time.GetUtcNow() + (pause < LongestPause ? pause : LongestPause);
        if (unseen.Count > 0) Due = notBefore;
        Cut += count.Cut;
        return count;
    }

    /// <summary>What an earlier look had no time for stays in the queue; to look at a connection twice does no harm.</summary>
    private void Gather()
    {
        List<IpAddress> addresses = [.. affected.SelectMany(name => interfaces.Endpoints.TryGetValue(name, out EndpointPolicy? e) ? e.Addresses : default).Select(a => a.Address)];
        addresses.AddRange(hosts.AddressesGoverned(affectedHosts));
        IEnumerable<TrackedFlow> listed = addresses.Count == 0 ? [] : conntrack.List(addresses);
        foreach (TrackedFlow flow in listed) unseen.Enqueue(flow);
        affected.Clear();
        affectedHosts.Clear();
    }

    private RevocationCount Judge(FelixParameters parameters, long start)
    {
        if (unseen.Count == 0) return default;
        FlowJudge judge = new(calculator, interfaces.ByAddress(), hosts, parameters);
        uint bit = parameters.Marks.Revoked;
        List<TrackedFlow> cut = [], restored = [];
        while (unseen.Count > 0 && time.GetElapsedTime(start) < Slice)
        {
            TrackedFlow flow = unseen.Dequeue();
            bool isCut = (flow.Mark & bit) != 0;
            if (judge.Allows(flow) == isCut) (isCut ? restored : cut).Add(flow);
        }
        return new RevocationCount(cut.Count == 0 ? 0 : conntrack.Mark([.. cut], bit, bit), restored.Count == 0 ? 0 : conntrack.Mark([.. restored], 0, bit));
    }

    private void Schedule()
    {
        DateTimeOffset soon = time.GetUtcNow() + Gathering;
        Due ??= soon > notBefore ? soon : notBefore;
    }

    private void Forget()
    {
        affected.Clear();
        affectedHosts.Clear();
        unseen.Clear();
        Due = null;
    }

    private static bool Names(EquatableArray<TierPolicies> tiers, HashSet<ResourceKey> policies) => tiers.Any(t => t.Policies.Any(policies.Contains));

    private static bool NamesProfile(EquatableArray<string> profiles, HashSet<ResourceKey> policies) => profiles.Any(p => policies.Contains(new ResourceKey(ResourceKind.Profile, null, p)));
}
