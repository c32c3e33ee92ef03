using Canal.Datastore;
using Canal.Testing.Rig;

namespace Canal.Ctl.Tests;

/// <summary>apply --confirm: a change stays when it is confirmed, and else is taken back.</summary>
public sealed class ConfirmTests(Cluster cluster) : ClusterTests(cluster)
{
    private const string Open = """
        apiVersion: projectcalico.org/v3
        kind: GlobalNetworkPolicy
        metadata: {name: web}
        spec: {selector: all(), types: [Ingress], ingress: [{action: Allow}]}
        """;

    private static readonly string Closed = Open.Replace("Allow", "Deny", StringComparison.Ordinal);
    private static readonly string ClosedAndNew = Closed + "\n---\n" + Closed.Replace("web", "new", StringComparison.Ordinal);

    [Fact]
    public async Task A_change_that_is_confirmed_stays()
    {
        await Cluster.Apply(Open);
        Task<ProgramRun> apply = Cluster.RunOn(ClosedAndNew, "apply", "--confirm", "60s");
        string id = await GuardIdAsync();
        Assert.Equal("Deny", await ActionAsync());
        Assert.Equal($"guard {id}: the change stays\n", (await Cluster.Run("confirm")).Good().Error);
        ProgramRun run = (await apply).Good();
        Assert.Contains($"updated GlobalNetworkPolicy web\ncreated GlobalNetworkPolicy new\nguard {id}: taken back at ", run.Error, StringComparison.Ordinal);
        Assert.EndsWith("confirmed: the change stays\n", run.Error, StringComparison.Ordinal);
        Assert.Equal("Deny", await ActionAsync());
        (await Cluster.Run("confirm")).Bad(1, "no change waits to be confirmed");
        (await Cluster.Run("confirm", id)).Bad(1, "there is no guard");
    }

    [Fact]
    public async Task One_that_is_not_is_taken_back_to_the_byte()
    {
        await Cluster.Apply(Open);
        string before = (await Cluster.Stored("globalnetworkpolicies/web"))!.ToJsonString();
        ProgramRun run = (await Cluster.RunOn(ClosedAndNew, "apply", "--confirm", "1s")).Bad(1);
        Assert.EndsWith("not confirmed: 2 of 2 resources are as they were\n", run.Error, StringComparison.Ordinal);
        Assert.Equal(before, (await Cluster.Stored("globalnetworkpolicies/web"))!.ToJsonString());
        Assert.Null(await Cluster.Stored("globalnetworkpolicies/new"));
        Assert.Empty(await Guards.ListAsync(Stop));
    }

    [Fact]
    public async Task What_an_agent_takes_back_is_told_and_what_somebody_changed_meanwhile_is_left_alone()
    {
        await Cluster.Apply(Open);
        Task<ProgramRun> apply = Cluster.RunOn(ClosedAndNew, "apply", "--confirm", "60s");
        string id = await GuardIdAsync();
        await Cluster.Apply(Closed.Replace("web", "new", StringComparison.Ordinal).Replace("Deny", "Pass", StringComparison.Ordinal));
        Assert.Equal(["/calico/resources/v3/projectcalico.org/globalnetworkpolicies/web"], await Guards.RevertAsync(id, Stop));
        Assert.EndsWith("an agent has taken the change back\n", (await apply).Bad(1).Error, StringComparison.Ordinal);
        Assert.Equal("Allow", await ActionAsync());
        Assert.Equal("Pass", (string)(await Cluster.Stored("globalnetworkpolicies/new"))!["spec"]!["ingress"]![0]!["action"]!);
        Assert.Null(await Guards.RevertAsync(id, Stop));
    }

    [Fact]
    public async Task Nothing_to_change_needs_no_guard_and_wrong_patience_is_refused()
    {
        await Cluster.Apply(Open);
        Assert.Equal("nothing would change\n", (await Cluster.RunOn(Open, "apply", "--confirm", "60s")).Good().Error);
        (await Cluster.RunOn(Open, "apply", "--confirm", "now")).Bad(64, "is not a duration");
        Assert.Empty(await Guards.ListAsync(Stop));
    }

    private GuardStore Guards => new(Cluster.Etcd);

    /// <summary>Waits until the change is made.</summary>
    private async Task<string> GuardIdAsync()
    {
        await Poll.Until(async () => await Cluster.Stored("globalnetworkpolicies/new") is not null, TimeSpan.FromSeconds(20), () => "the change is not made");
        return (await Guards.ListAsync(Stop))[0].Id;
    }

    private async Task<string> ActionAsync() => (string)(await Cluster.Stored("globalnetworkpolicies/web"))!["spec"]!["ingress"]![0]!["action"]!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;
}
