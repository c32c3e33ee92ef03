using Canal.Core.Addressing;
using Canal.Core.Policy;

namespace Canal.Felix.Wiring;

/// <summary>
/// To whom each workload address was routed last, and which addresses have changed hands since: their connections must be forgotten before anybody else gets
/// the route, or the new tenant would inherit what policy allowed the old one. An interface that goes down and comes up again changes nothing.
/// </summary>
internal sealed class AddressTenants
{
    private readonly Dictionary<Cidr, Tenant> tenants = [];

    /// <summary>Addresses that left their tenant; the caller empties it when their connections are forgotten.</summary>
    public HashSet<IpAddress> Departed { get; } = [];

    /// <summary>The endpoint that governs an interface is replaced by another, or by none.</summary>
    public void Replace(EndpointPolicy before, EndpointPolicy? after)
    {
        foreach (Cidr address in before.Addresses)
            if (after?.Key != before.Key || !after.Addresses.Contains(address)) Leave(address, new Tenant(before.Key, before.InterfaceName));
    }

    private void Leave(Cidr address, Tenant tenant)
    {
        if (!tenants.TryGetValue(address, out Tenant last) || last != tenant) return;
        tenants.Remove(address);
        Departed.Add(address.Address);
    }

    /// <summary>The tenant is to have the route to the address; a stranger is one that may have had a predecessor of whom nothing is known.</summary>
    public void Settle(Cidr address, Tenant tenant, bool isStranger)
    {
        if (tenants.TryGetValue(address, out Tenant last) ? last != tenant : isStranger) Departed.Add(address.Address);
        tenants[address] = tenant;
    }
}
