using Canal.Testing.Rig;

namespace Canal.EndToEnd.Tests.Scenarios;

/// <summary>
/// Workload to its own host, by the host's own firewall, the action and the host endpoint. Where Calico with iptables lets Accept override the host's firewall,
/// nftables cannot: an accept ends only its own table. Those rows expect what every nftables dataplane can do.
/// </summary>
public sealed class Scenario24Tests
{
    private static readonly string[] Actions = ["Accept", "Return", "Drop"];

    [Theory]
    [InlineData(null, null, false)]
    [InlineData("eth0", "Deny", false)]
    [InlineData("*", "Allow", true)]
    [InlineData("*", "Deny", true)]
    [InlineData("*", "Allow", false)]
    [InlineData("*", "Deny", false)]
    public async Task The_action_decides_unless_preDNAT_policy_or_the_hosts_firewall_denies(string? interfaceName, string? rule, bool preDnat)
    {
        await using NetworkRig rig = await NetworkRig.OneHost(1);
        await rig.StartAgents();
        if (interfaceName is not null)
        {
            Rule decision = (rule == "Allow" ? Rule.Allow : Rule.Deny).Src("!has(host-endpoint)");
            await rig.Put(Calico.HostEndpoint("hep", "h1", interfaceName).Profiles("open"),
                Calico.GlobalNetworkPolicy("hep").Selecting("has(host-endpoint)").Spec("preDNAT", preDnat).Spec("applyOnForward", preDnat).In(decision));
        }
        foreach (string action in Actions)
        {
            await rig.Put(NetworkRig.Configuration.Spec("defaultEndpointToHostAction", action));
            foreach (string firewall in new[] { "accept", "drop" })
            {
                // A firewall of the host that drops what workloads send, as INPUT policy DROP would.
                rig["h1"].Shell($"nft 'add table inet own; flush table inet own; add chain inet own input {{ type filter hook input priority 10; }}; add rule inet own input iifname \"cali*\" ct state new meta l4proto tcp {firewall}'");
                bool allowed = firewall == "accept" && action != "Drop" && !(preDnat && rule == "Deny");
                await rig.Round($"w0→h1 {(allowed ? "✓" : "✗")}", $"v6 w0→h1 {(allowed ? "✓" : "✗")}", "h1→w0 ✓");
            }
        }
    }
}
