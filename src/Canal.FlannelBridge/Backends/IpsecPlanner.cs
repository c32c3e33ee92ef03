using Canal.Core.Addressing;
using Canal.Core.Flannel;
using Canal.FlannelBridge.Charon;
using Canal.Linux.Netlink;
using Canal.Linux.Routing;
using Canal.Linux.Xfrm;

namespace Canal.FlannelBridge.Backends;

/// <summary>
/// Policies in the kernel encrypt between subnets, with keys that charon and the peers' agree on; there is no device. The kernel's side is made and kept without
/// charon: while it is not there no packet goes to other hosts.
/// </summary>
internal sealed class IpsecPlanner(IpsecBackend backend, IpsecMeans means) : BackendPlanner(backend)
{
    private readonly Dictionary<string, IpsecConnection> wanted = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IpsecConnection> loaded = new(StringComparer.Ordinal);
    private readonly HashSet<string> strays = new(StringComparer.Ordinal);
    private readonly HashSet<Cidr> networks = [];
    private IReadOnlySet<string> established = new HashSet<string>();
    private string? toldOwners;
    private bool hasEsp, isAdopted;

    public override bool Prepare(PlanInputs inputs)
    {
        if (!hasEsp && !(hasEsp = TryEsp())) throw new IOException("the backend ipsec needs ESP, which this kernel does not have (modules xfrm_user, esp4)");
        return false;
    }

    private bool TryEsp()
    {
        try
        {
            return means.Xfrm.HasEsp();
        }
        catch (NetlinkException e) when (e.Errno != Linux.Errno.EPERM)
        {
            throw new IOException($"the backend ipsec needs the kernel's IPsec: {e.Message}");
        }
    }

    /// <summary>The way the peer itself is reached: the packet goes there, wrapped.</summary>
    public override void Reach(FlannelLease peer, Cidr subnet, IpAddress host, PlanInputs inputs, KernelPlan plan)
    {
        Cidr own = inputs.Own!.Value[IpFamily.V4]!.Value;
        string name = $"{means.Tag}{inputs.Uplink.PublicV4}-{Word(own)}-{Word(subnet)}-{host}";
        wanted[name] = new IpsecConnection(name, inputs.Uplink.V4!.Value, inputs.Uplink.PublicV4!.Value, host, own, subnet, backend.EspProposal, backend.UdpEncapsulation);
        if (inputs.Picture.RouteTo(host) is { Type: RouteType.Unicast, Interface: not 0 } way)
            plan.Add(new Route { Destination = subnet, Gateway = way.Gateway ?? host, Interface = way.Interface });
    }

    private static string Word(Cidr subnet) => $"{subnet.Address}-{subnet.Length}";

    public override KernelPlan Plan(IEnumerable<HeldLease> peers, PlanInputs inputs)
    {
        wanted.Clear();
        KernelPlan plan = base.Plan(peers, inputs);
        // Before the routes are sent, and before keys are agreed on.
        SetPolicies(inputs, plan.Failures);
        TellCharon(inputs.Uplink.PublicV4!.Value, plan.Failures);
        return plan;
    }

    private void SetPolicies(PlanInputs inputs, List<string> failures)
    {
        Cidr network = inputs.Network.V4!.Network;
        networks.Add(network);
        List<XfrmPolicy> policies = IpsecPolicies.Of(network, inputs.Own!.Value[IpFamily.V4]!.Value, inputs.Uplink.V4!.Value, wanted.Values);
        HashSet<XfrmPolicy> held = [.. means.Xfrm.Policies().Where(p => IpsecPolicies.IsOurs(p, networks))];
        foreach (XfrmPolicy policy in policies)
            if (!held.Contains(policy)) Try(() => means.Xfrm.Set(policy), failures);
        HashSet<(XfrmDirection, Cidr, Cidr)> kept = [.. policies.Select(Key)];
        foreach (XfrmPolicy policy in held)
            if (!kept.Contains(Key(policy))) Try(() => means.Xfrm.Delete(policy), failures);
    }

    private static (XfrmDirection, Cidr, Cidr) Key(XfrmPolicy policy) => (policy.Direction, policy.Source, policy.Destination);

    private static void Try(Action change, List<string> failures)
    {
        try
        {
            change();
        }
        catch (NetlinkException e)
        {
            failures.Add(e.Message);
        }
    }

    /// <summary>All anew for a charon that is another; else the difference. Of one that was told by an earlier run, what still holds is not disturbed.</summary>
    private void TellCharon(IpAddress self, List<string> failures)
    {
        try
        {
            if (means.Charon.Attach() || !isAdopted) Adopt();
            LoadSecret(self);
            foreach (string name in loaded.Keys.Concat(strays).Where(name => !wanted.ContainsKey(name)).ToArray()) Unload(name);
            foreach (IpsecConnection connection in wanted.Values)
                if (loaded.GetValueOrDefault(connection.Name) != connection) Load(connection, failures);
            established = means.Charon.Established();
        }
        catch (ViciException e)
        {
            established = new HashSet<string>();
            failures.Add(e.Message);
        }
    }

    private void Adopt()
    {
        isAdopted = false;
        loaded.Clear();
        toldOwners = null;
        strays.Clear();
        strays.UnionWith(means.Charon.Connections().Where(name => name.StartsWith(means.Tag, StringComparison.Ordinal)));
        isAdopted = true;
    }

    private void LoadSecret(IpAddress self)
    {
        IpAddress[] owners = [self, .. wanted.Values.Select(c => c.Remote).Distinct().Order()];
        string told = string.Join(' ', owners);
        if (told == toldOwners) return;
        means.Charon.LoadSecret(means.Tag, backend.Secret, owners);
        toldOwners = told;
    }

    private void Unload(string name)
    {
        means.Charon.Unload(name);
        strays.Remove(name);
        loaded.Remove(name);
    }

    /// <summary>What charon says no to stands in no other peer's way.</summary>
    private void Load(IpsecConnection connection, List<string> failures)
    {
        try
        {
            means.Charon.Load(connection);
            loaded[connection.Name] = connection;
            strays.Remove(connection.Name);
        }
        catch (ViciRefusal e)
        {
            failures.Add($"{connection.Remote}: {e.Message}");
        }
    }

    public override string Note(FlannelSubnet subnet) => wanted.Values.FirstOrDefault(c => c.RemoteSubnet == subnet[IpFamily.V4]) is { } connection && !established.Contains(connection.Name) ? ", no security association" : "";
}
