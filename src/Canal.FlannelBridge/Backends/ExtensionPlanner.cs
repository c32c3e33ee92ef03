using Canal.Core.Addressing;
using Canal.Core.Flannel;

namespace Canal.FlannelBridge.Backends;

/// <summary>
/// Runs the operator's commands, by <c>sh -c</c> as flannel's documents say. One that fails is told and run again later; while it fails those after it wait.
/// </summary>
internal sealed class ExtensionPlanner(ExtensionBackend backend) : BackendPlanner(backend)
{
    private readonly Dictionary<Cidr, (IpAddress Host, string Data)> told = [];
    private readonly Dictionary<Cidr, (IpAddress Host, string Data)> wanted = [];
    private string? leaseData;
    private FlannelSubnet? startedWith;

    public override bool MakesRoutes => false;

    public override bool Prepare(PlanInputs inputs)
    {
        leaseData ??= ExtensionBackend.LeaseData(ShellCommand.Run(backend.PreStartup, Variables(inputs), "").Trim());
        return false;
    }

    public override string LeaseData(IpFamily family) => family == IpFamily.V4 ? leaseData ?? "" : "";

    public override void Reach(FlannelLease peer, Cidr subnet, IpAddress host, PlanInputs inputs, KernelPlan plan) => wanted[subnet] = (host, ExtensionBackend.Text(peer.BackendData));

    public override KernelPlan Plan(IEnumerable<HeldLease> peers, PlanInputs inputs)
    {
        wanted.Clear();
        KernelPlan plan = base.Plan(peers, inputs);
        try
        {
            if (startedWith != inputs.Own) ShellCommand.Run(backend.PostStartup, Variables(inputs), "");
            startedWith = inputs.Own;
            foreach ((Cidr subnet, (IpAddress Host, string Data) peer) in told.ToArray())
                if (!wanted.TryGetValue(subnet, out var now) || now != peer) Tell(backend.SubnetRemove, subnet, peer, () => told.Remove(subnet));
            foreach ((Cidr subnet, (IpAddress Host, string Data) peer) in wanted)
                if (!told.ContainsKey(subnet)) Tell(backend.SubnetAdd, subnet, peer, () => told[subnet] = peer);
        }
        catch (IOException e)
        {
            plan.Failures.Add(e.Message);
        }
        return plan;
    }

    private static void Tell(string command, Cidr subnet, (IpAddress Host, string Data) peer, Action done)
    {
        string suffix = subnet.Family == IpFamily.V4 ? "" : "V6";
        ShellCommand.Run(command, new() { [subnet.Family == IpFamily.V4 ? "SUBNET" : "IPV6SUBNET"] = subnet.ToString(), [$"PUBLIC_IP{suffix}"] = peer.Host.ToString() }, peer.Data + "\n");
        done();
    }

    private static Dictionary<string, string> Variables(PlanInputs inputs) => new()
    {
        ["NETWORK"] = inputs.Network.V4?.Network.ToString() ?? "",
        ["SUBNET"] = inputs.Own?.V4Cidr?.ToString() ?? "",
        ["IPV6SUBNET"] = inputs.Own?.V6Cidr?.ToString() ?? "",
        ["PUBLIC_IP"] = inputs.Uplink.PublicV4?.ToString() ?? "",
        ["PUBLIC_IPV6"] = inputs.Uplink.PublicV6?.ToString() ?? "",
    };
}
