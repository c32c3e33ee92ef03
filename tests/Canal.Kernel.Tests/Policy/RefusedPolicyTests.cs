using Canal.Core.Resources;
using Canal.Felix.Configuration;
using static Canal.Testing.ResourceBuilder;

namespace Canal.Kernel.Tests.Policy;

public sealed class RefusedPolicyTests
{
    /// <summary>The kernel refuses a limit whose rate and burst overflow together; no configuration can ask for it.</summary>
    private static readonly FelixParameters Impossible = new() { LogLimit = new RateLimit(ulong.MaxValue, 1, 5) };

    [Fact]
    public void A_policy_that_the_kernel_refuses_denies_and_the_others_are_in_force()
    {
        PolicyHost.Run(["caliw0", "caliw1"], host =>
        {
            Resource[] cluster =
            [
                Workload("w0", "10.0.0.1"), Workload("w1", "10.0.0.2"),
                GlobalPolicy("logging", "all()", [Log(), Allow()]), GlobalPolicy("plain", "all()", [Allow()]),
            ];
            host.Apply(cluster.Select(r => (r.Key, (Resource?)r)), Impossible);
            string table = PolicyHost.List();
            Assert.Contains("drop comment \"gnp/logging ingress: cannot be programmed, everything is denied\"", table, StringComparison.Ordinal);
            Assert.Contains("accept comment \"gnp/plain ingress 0 allow\"", table, StringComparison.Ordinal);
            Assert.DoesNotContain("log prefix", table, StringComparison.Ordinal);
        });
    }
}
