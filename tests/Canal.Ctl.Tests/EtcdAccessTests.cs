using Canal.Testing;

namespace Canal.Ctl.Tests;

/// <summary>Where etcd is, said in calicoctl's ways.</summary>
public sealed class EtcdAccessTests(Cluster cluster) : ClusterTests(cluster)
{
    private static Dictionary<string, string> Environment(params (string Name, string Value)[] variables)
    {
        Dictionary<string, string> environment = variables.ToDictionary(pair => pair.Name, pair => pair.Value);
        environment.TryAdd("CONFIGURATION_DIRECTORY", "/nonexistent");
        return environment;
    }

    private static string File(string spec) => $"apiVersion: projectcalico.org/v3\nkind: CalicoAPIConfig\nmetadata:\nspec:\n{spec}";

    [Fact]
    public async Task The_environment_of_calicoctl_is_taken()
    {
        (await ProgramRun.Of(["get", "tier"], environment: Environment(("DATASTORE_TYPE", "etcdv3"), ("ETCD_ENDPOINTS", Cluster.Endpoint)))).Good();
        (await ProgramRun.Of(["get", "tier"], environment: Environment(("CALICO_ETCD_ENDPOINTS", Cluster.Endpoint)))).Good();
        (await ProgramRun.Of(["get", "tier", "--allow-version-mismatch"], environment: Environment(("ETCD_ENDPOINTS", $"{Cluster.Endpoint},{Cluster.Endpoint}")))).Good();
        (await ProgramRun.Of(["get", "tier"], environment: Environment(("DATASTORE_TYPE", "kubernetes")))).Bad(78, "environment DATASTORE_TYPE: 'kubernetes' is not etcdv3");
        (await ProgramRun.Of(["get", "tier"], environment: Environment(("ETCD_ENDPOINTS", "nonsense")))).Bad(78, "nonsense");
        (await ProgramRun.Of(["get", "tier"], environment: Environment(("ETCD_ENDPOINTS", Cluster.Endpoint), ("ETCD_CA_CERT_FILE", "/nonexistent/ca.pem")))).Bad(78, "/nonexistent/ca.pem");
    }

    [Fact]
    public async Task The_file_of_calicoctl_is_taken_when_named_and_in_its_usual_place()
    {
        using TemporaryFolder folder = new();
        string file = folder.Write("calicoctl.cfg", File($"  datastoreType: \"etcdv3\"\n  etcdEndpoints: \"{Cluster.Endpoint}\"\n"));
        (await ProgramRun.Of(["get", "tier", "--config", file])).Good();
        (await ProgramRun.Of(["get", "tier", "-c", file])).Good();
        (await ProgramRun.Of(["get", "tier"], calicoctlFile: file)).Good();
    }

    [Fact]
    public async Task What_is_said_nearer_counts_first()
    {
        using TemporaryFolder folder = new();
        string good = folder.Write("good.cfg", File($"  etcdEndpoints: {Cluster.Endpoint}\n")), bad = folder.Write("bad.cfg", File("  etcdEndpoints: http://127.0.0.1:1\n"));
        folder.Write("canal.toml", "[etcd]\nendpoints = [\"http://127.0.0.1:1\"]\n");
        // A flag, the named file, Canal's variable, calicoctl's, Canal's file, and last the file in the usual place.
        (await ProgramRun.Of(["get", "tier", "--etcd", Cluster.Endpoint, "-c", bad], environment: Environment(("ETCD_ENDPOINTS", "http://127.0.0.1:1")))).Good();
        (await ProgramRun.Of(["get", "tier", "-c", good], environment: Environment(("CANAL_CTL__ETCD__ENDPOINTS", "http://127.0.0.1:1")))).Good();
        (await ProgramRun.Of(["get", "tier"], environment: Environment(("CANAL_CTL__ETCD__ENDPOINTS", Cluster.Endpoint), ("ETCD_ENDPOINTS", "http://127.0.0.1:1")))).Good();
        (await ProgramRun.Of(["get", "tier", "--config-dir", folder.Path], environment: Environment(("ETCD_ENDPOINTS", Cluster.Endpoint)))).Good();
        (await ProgramRun.Of(["get", "tier", "--config-dir", folder.Path], calicoctlFile: good)).Bad(69, "127.0.0.1:1");
    }

    [Theory]
    [InlineData("  datastoreType: kubernetes\n", "spec.datastoreType: 'kubernetes' is not etcdv3")]
    [InlineData("  etcdDiscoverySrv: example..org\n", "spec.etcdDiscoverySrv: 'example..org' is not a domain")]
    [InlineData("  etcdDiscoverySrv: example.org\n  etcdEndpoints: http://127.0.0.1:1\n", "spec.etcdDiscoverySrv: is given, and endpoints are too")]
    [InlineData("  etcdKey: |\n    s3cret\n", "spec.etcdKey: is no text of PEM; the name of a file belongs to etcdKeyFile")]
    [InlineData("  etcdEndpoints: [\n", ".cfg:")]
    public async Task A_file_that_cannot_be_used_is_refused(string spec, string said)
    {
        using TemporaryFolder folder = new();
        string file = folder.Write("c.cfg", File(spec));
        ProgramRun run = (await ProgramRun.Of(["get", "tier", "-c", file])).Bad(78, file, said);
        Assert.DoesNotContain("s3cret", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_of_another_kind_or_none_is_refused()
    {
        using TemporaryFolder folder = new();
        (await ProgramRun.Of(["get", "tier", "-c", folder.Write("x", "apiVersion: projectcalico.org/v3\nkind: Node\n")])).Bad(78, "kind: 'Node' is not CalicoAPIConfig");
        (await ProgramRun.Of(["get", "tier", "-c", "/nonexistent/calicoctl.cfg"])).Bad(78, "/nonexistent/calicoctl.cfg");
    }

    [Fact]
    public async Task User_and_password_of_calicoctl_are_used()
    {
        await using EtcdProcess etcd = await EtcdProcess.StartAsync(new EtcdProcessOptions { RootPassword = "s3cret" });
        using TemporaryFolder folder = new();
        string file = folder.Write("c.cfg", File($"  etcdEndpoints: {etcd.Endpoint}\n  etcdUsername: root\n  etcdPassword: s3cret\n"));
        (await ProgramRun.Of(["get", "tier", "-c", file])).Good();
        (await ProgramRun.Of(["get", "tier"], environment: Environment(("ETCD_ENDPOINTS", etcd.Endpoint), ("ETCD_USERNAME", "root"), ("ETCD_PASSWORD", "s3cret")))).Good();
    }
}
