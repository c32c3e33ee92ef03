namespace Canal.Ctl.Tests;

/// <summary>What a user of calicoctl types: each command and option is there, or says why it is not.</summary>
public sealed class CalicoctlTests(Cluster cluster) : ClusterTests(cluster)
{
    private const string Pool = "apiVersion: projectcalico.org/v3\nkind: IPPool\nmetadata: {name: p}\nspec: {cidr: 10.65.0.0/24, natOutgoing: true, disabled: true}\n";

    [Fact]
    public async Task Options_that_mean_nothing_here_are_accepted_before_and_after_the_command()
    {
        (await ProgramRun.Of(["--log-level", "debug", "--context=a", "get", "tiers", "--allow-version-mismatch", "--etcd", Cluster.Endpoint])).Good();
        (await Cluster.Run("get", "tiers", "--context", "a", "-l", "info")).Good();
        (await Cluster.Run("ipam", "check", "--kubeconfig", "/nonexistent", "--show-problem-ips")).Good();
    }

    [Theory]
    [InlineData("node run --ip=10.0.0.1 --node-image x", "node run: starts calico/node in Docker")]
    [InlineData("cluster diags --max-logs=3", "cluster diags: gathers from a Kubernetes cluster's pods")]
    [InlineData("version --poll=3s", "version --poll: ")]
    [InlineData("ipam configure --ip-cooldown-seconds=3", "--ip-cooldown-seconds: ")]
    [InlineData("ipam configure --kubevirt-ip-persistence=Enabled", "--kubevirt-ip-persistence: ")]
    [InlineData("get tiers -o go-template={{.}}", "use -o jsonpath=")]
    public async Task What_cannot_be_here_says_why(string words, string said) => (await ProgramRun.Of(words.Split(' '))).Bad(64, said);

    [Fact]
    public async Task Tables_can_be_without_their_first_line()
    {
        await Cluster.Apply(Pool);
        string[] all = (await Cluster.Run("get", "ippools", "-o", "wide")).Good().Output.Split('\n');
        Assert.StartsWith("NAME", all[0], StringComparison.Ordinal);
        string[] headless = (await Cluster.Run("get", "ippools", "-o", "wide", "--no-headers")).Good().Output.Split('\n');
        Assert.StartsWith("p  ", Assert.Single(headless, line => line.Length > 0), StringComparison.Ordinal);
        Assert.Equal("", (await Cluster.Run("get", "globalnetworksets", "--no-headers")).Good().Output);
    }

    [Fact]
    public async Task A_pool_is_split_in_one_step()
    {
        await Cluster.Apply(Pool);
        (await Cluster.Run("ipam", "split", "4", "--cidr", "10.65.0.0/24")).Good();
        Assert.Equal(["ippools/split-p-0", "ippools/split-p-1", "ippools/split-p-2", "ippools/split-p-3"], (await Cluster.Keys()).Where(key => key.StartsWith("ippools/", StringComparison.Ordinal)));
        Assert.Equal("10.65.0.192/26", (await Cluster.Stored("ippools/split-p-3"))!["spec"]!["cidr"]!.GetValue<string>());
        // All else is as it was.
        Assert.True((await Cluster.Stored("ippools/split-p-0"))!["spec"]!["natOutgoing"]!.GetValue<bool>());
        Assert.True((await Cluster.Stored("ippools/split-p-0"))!["spec"]!["disabled"]!.GetValue<bool>());
        Assert.Single(new[] { "0", "1", "2", "3" }.Select(part => Cluster.Revision($"ippools/split-p-{part}").Result).Distinct());
        (await Cluster.Run("ipam", "split", "2", "--name", "split-p-0")).Bad(1, "is too small for 2 pools: each would be smaller than one of its blocks, a /26");
        (await Cluster.Run("ipam", "split", "2", "--name", "p")).Bad(1, "there is no IPPool p");
        (await Cluster.Run("ipam", "split", "3", "--name", "split-p-0")).Bad(64, "3 is not a power of 2");
        (await Cluster.Run("ipam", "split", "2")).Bad(64, "give either --cidr or --name");
    }

    [Fact]
    public async Task A_kernel_is_checked_by_its_configuration()
    {
        using TemporaryFolder folder = new();
        ProgramRun run = await ProgramRun.Of(["node", "checksystem", "--kernel-config", folder.Write("config", "CONFIG_NF_TABLES=y\nCONFIG_NF_TABLES_INET=y\n# CONFIG_NFT_CT is not set\n")]);
        Assert.Matches(@"(?m)^CONFIG_NF_TABLES_INET +policy +ok$", run.Output);
        (await ProgramRun.Of(["node", "checksystem", "-f", "/nonexistent"])).Bad(1, "/nonexistent");
    }
}
