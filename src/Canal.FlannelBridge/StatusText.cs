using System.Globalization;
using System.Text;
using Canal.Core.Flannel;
using Canal.FlannelBridge.Backends;
using Canal.FlannelBridge.Kernel;
using Canal.FlannelBridge.Leases;

namespace Canal.FlannelBridge;

/// <summary>What whoever asks over the control socket reads.</summary>
internal sealed class StatusText(LeaseFeed feed, LeaseKeeper keeper, KernelWirer wirer, BackendPlanner? planner)
{
    public string Of(bool ready, string? refusal, IEnumerable<string?> troubles)
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"ready: {(ready ? "yes" : "no")}\nrevision: {feed.Revision}\n");
        text.Append($"subnet: {Subnet()}\nlease: {Lease()}\n");
        text.Append($"interface: {(wirer.Inputs is { Uplink: var uplink } ? $"{uplink.Link.Name}, public {uplink.PublicV4 ?? uplink.PublicV6}{(uplink is { PublicV4: not null, PublicV6: { } v6 } ? $" and {v6}" : "")}" : "none")}\n");
        text.Append(CultureInfo.InvariantCulture, $"backend: {planner?.Backend.Name ?? "none"}\npeers: {feed.Leases.Count - (keeper.State.Lease is null ? 0 : 1)}, routes: {wirer.Plan.Routes.Count}\n");
        foreach (string? trouble in troubles.Append(keeper.Reason).Append(refusal)) text.Append(trouble is null ? "" : $"failing: {trouble}\n");
        foreach ((string key, string reason) in feed.Refused.Concat(wirer.Plan.Refused)) text.Append($"not used: {key}: {reason}\n");
        foreach (HeldLease peer in feed.Leases.Values.OrderBy(l => l.Key, StringComparer.Ordinal)) text.Append($"host {peer.Subnet}: {peer.Lease.Describe()}{(peer.IsReservation ? ", reserved" : "")}{planner?.Note(peer.Subnet)}\n");
        return text.ToString();
    }

    private string Subnet() => keeper.Subnet is { } subnet ? $"{subnet.V4Cidr}{(subnet is { V4Cidr: not null, V6Cidr: not null } ? " and " : "")}{subnet.V6Cidr}" : "none";

    private string Lease() => keeper.State.Lease is not { } lease ? "none"
        : lease.IsReservation ? "reserved for this host" : string.Create(CultureInfo.InvariantCulture, $"to be renewed at {keeper.State.RenewAt:yyyy-MM-dd HH:mm:ss}Z");
}
