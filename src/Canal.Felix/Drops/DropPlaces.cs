using System.Globalization;
using Canal.Core.Policy;
using Canal.Core.Resources;
using Canal.Felix.Dataplane.Nftables;
using Canal.Felix.Hosts;
using Canal.Felix.Wiring;

namespace Canal.Felix.Drops;

/// <summary>
/// Finds whose policy denied a packet. A forwarded one may meet a host endpoint's and a workload's in the same direction; then it is the first on its way that
/// has such a rule: ingress of the host before that of the workload, egress of the workload before that of the host.
/// </summary>
internal sealed class DropPlaces(InterfaceTable interfaces, HostInterfaces hosts)
{
    private string? whole;

    public DropPlace Of(DroppedFlow flow)
    {
        whole = null;
        string input = NameOf(flow.First.Input), output = NameOf(flow.First.Output);
        bool ingress = flow.Reason.Direction == Direction.Ingress;
        (string Name, bool HasRule)[] candidates = ingress ? [Host(input, flow), BeforeDnat(flow), Workload(output, flow)] : [Workload(input, flow), Host(output, flow)];
        string endpoint = candidates.FirstOrDefault(c => c.HasRule).Name ?? candidates.FirstOrDefault(c => c.Name.Length > 0).Name ?? "";
        return new DropPlace(endpoint, input, output) { Policy = whole };
    }

    private string NameOf(int index) => index == 0 ? "" : interfaces.Find(index)?.Name ?? string.Create(CultureInfo.InvariantCulture, $"#{index}");

    private (string, bool) Workload(string name, DroppedFlow flow) =>
        interfaces.Endpoints.TryGetValue(name, out EndpointPolicy? endpoint) ? (endpoint.DisplayName, Has(flow.Reason, endpoint.Tiers(flow.Reason.Direction), endpoint.Profiles)) : ("", false);

    private (string, bool) Host(string name, DroppedFlow flow)
    {
        if (name.Length == 0 || hosts.Resolution.Governing(name) is not { } endpoint) return ("", false);
        // Only a forwarded packet has both, and only it is asked about at that stage.
        bool forwarded = flow.First.Input != 0 && flow.First.Output != 0;
        PolicyStage[] stages = forwarded ? [PolicyStage.Forward] : [PolicyStage.Normal, PolicyStage.Untracked, PolicyStage.PreDnat];
        IEnumerable<TierPolicies> tiers = stages.SelectMany(stage => endpoint.Tiers(stage).Of(flow.Reason.Direction));
        return (endpoint.Key.Name, Has(flow.Reason, tiers, forwarded ? [] : endpoint.Profiles));
    }

    /// <summary>The endpoint of all interfaces, which is asked before DNAT also where another governs the interface.</summary>
    private (string, bool) BeforeDnat(DroppedFlow flow) =>
        flow.First.Output == 0 && hosts.Resolution.AllInterfaces is { } all && Has(flow.Reason, all.PreDnat.Ingress, []) ? (all.Key.Name, true) : ("", false);

    /// <summary>A reason that names neither policy nor tier may be anybody's who has any policy.</summary>
    private bool Has(DropReason reason, IEnumerable<TierPolicies> tiers, IEnumerable<string> profiles)
    {
        if (reason.Policy is not null)
        {
            foreach (ResourceKey key in tiers.SelectMany(t => t.Policies).Concat(profiles.Select(p => new ResourceKey(ResourceKind.Profile, null, p))))
            {
                if (KernelNames.ShortId(key) != reason.Policy) continue;
                whole = KernelNames.WholeId(key);
                return true;
            }
            return false;
        }
        return reason.Tier is null ? tiers.Any() || profiles.Any() : tiers.Any(t => KernelNames.Short(t.Tier) == reason.Tier);
    }
}
