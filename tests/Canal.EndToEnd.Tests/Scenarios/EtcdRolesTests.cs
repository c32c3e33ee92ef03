using System.Diagnostics;
using Canal.Testing.Rig;

namespace Canal.EndToEnd.Tests.Scenarios;

/// <summary>With authentication on in etcd and the roles of <c>canalctl etcd roles</c>: every program does its work, and none may write policy.</summary>
public sealed class EtcdRolesTests
{
    private const string Etcd = "http://127.0.0.1:2379", Policy = "/calico/resources/v3/projectcalico.org/globalnetworkpolicies/p";

    [Fact]
    public async Task Each_program_works_with_its_own_role_and_none_may_write_policy()
    {
        await using NetworkRig rig = await NetworkRig.OneHost();
        using CniHost cni = new(rig);
        await rig.Put(Calico.GlobalNetworkPolicy("p").Selecting("name == 'w0'").In(Rule.Allow.Src("name == 'w1'")), Calico.Profile("net1").In(Rule.Allow).Out(Rule.Allow),
            NetworkRig.Configuration.Spec("endpointReportingEnabled", true).Spec("reportingInterval", "1s"), Calico.IpPool("tunnels", "10.66.0.0/24").Spec("vxlanMode", "Always"));
        await rig.Etcd.Put("/coreos.com/network/config", """{"Network":"10.5.0.0/16","Backend":{"Type":"alloc"}}""");
        TurnOn(rig);

        Environment(rig.Agent().Environment, "CANAL_FELIX", rig, "felix");
        rig.Agent().Start();
        rig.RoundLimit = TimeSpan.FromSeconds(60);
        await rig.UnsettledRound("w1→w0 ✓", "w2→w0 ✗");
        await Until(rig, "/calico/felix/v2/no-region/host/h1/status", "the agent does not report");
        await Until(rig, "/calico/resources/v3/projectcalico.org/nodes/h1", "the agent does not give its Node an address for tunnels", "ipv4VXLANTunnelAddr");
        Assert.DoesNotContain(rig.Agent().Log, line => line.Contains("permission denied", StringComparison.Ordinal));

        File.WriteAllText(Path.Combine(cni.Folder, "canal.toml"), $"[etcd]\nusername = \"cni\"\npassword_file = \"{Secret(rig)}\"\n");
        string container = cni.AddContainer("c1");
        System.Text.Json.Nodes.JsonObject config = cni.Config(""" "ipam": { "type": "canal-ipam" } """);
        await cni.AddAsync(config, "c1", container);
        await cni.DeleteAsync(config, "c1", container);

        using Running bird = new(rig, "canal-bird-config-renderer", "CANAL_BIRD_CONFIG_RENDERER", "bird", $"bird_start = \"none\"\nbird_config = \"{rig.Folder}/bird.conf\"\nbird_socket = \"{rig.Folder}/bird.ctl\"\nbird_group = \"\"\n");
        await Poll.Until(() => File.Exists($"{rig.Folder}/bird.conf"), "the BGP agent writes nothing");
        using Running flannel = new(rig, "canal-flannel-bridge", "CANAL_FLANNEL_BRIDGE", "flannel", $"subnet_file = \"{rig.Folder}/subnet.env\"\nip_pool = \"flannel\"\n");
        await Poll.Until(() => File.Exists($"{rig.Folder}/subnet.env"), "the flannel agent gets no lease");
        await Until(rig, "/calico/resources/v3/projectcalico.org/ippools/flannel", "the flannel agent does not keep its pool");

        foreach (string user in (string[])["felix", "cni", "bird", "flannel", "docker"])
            Assert.Contains("permission denied", rig.Fabric.Shell($"{Ctl(user)} del {Policy} 2>&1 || true"), StringComparison.Ordinal);
        Assert.Contains("no user may more", rig.Fabric.Shell($"{Canalctl(rig)} etcd check --flannel-pool flannel 2>&1"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_may_more_or_less_is_found_and_roles_are_put_right()
    {
        await using NetworkRig rig = await NetworkRig.OneHost(0);
        Assert.Contains("authentication is off", rig.Fabric.Shell($"{Binary.Find("canalctl")} --etcd {Etcd} etcd check 2>&1 || true"), StringComparison.Ordinal);
        TurnOn(rig);
        rig.Fabric.Shell($$"""
            {{Ctl("root")}} role grant-permission canal-felix-h1 readwrite --prefix=true /calico/resources/v3/projectcalico.org/tiers/
            {{Ctl("root")}} role revoke-permission canal-bird-config-renderer-h1 --prefix=true /calico/resources/v3/projectcalico.org/bgppeers/
            {{Ctl("root")}} role add everything; {{Ctl("root")}} role grant-permission everything readwrite --prefix=true ''
            {{Ctl("root")}} user add old:x; {{Ctl("root")}} user grant-role old everything; {{Ctl("root")}} user add boss:x; {{Ctl("root")}} user grant-role boss root
            """);
        string found = rig.Fabric.Shell($"{Canalctl(rig)} etcd check --flannel-pool flannel 2>&1 || true");
        Assert.Matches(@"felix +canal-felix-h1 +too much +read, write +/calico/resources/v3/projectcalico.org/tiers/\*", found);
        Assert.Matches(@"bird +canal-bird-config-renderer-h1 +lacks +read +/calico/resources/v3/projectcalico.org/bgppeers/\*", found);
        Assert.Matches(@"old +everything +may write policy +read, write +\*", found);
        Assert.Matches(@"boss +root +too much", found);

        string done = rig.Fabric.Shell($"{Canalctl(rig)} etcd roles h1 --flannel-pool flannel --apply 2>&1");
        Assert.Contains("role canal-felix-h1: changed", done, StringComparison.Ordinal);
        Assert.Contains("role canal-bird-config-renderer-h1: changed", done, StringComparison.Ordinal);
        Assert.Contains("role canal-cni-h1: unchanged", done, StringComparison.Ordinal);
        string left = rig.Fabric.Shell($"{Canalctl(rig)} etcd check --flannel-pool flannel 2>&1 || true");
        Assert.DoesNotContain("h1", left, StringComparison.Ordinal);
    }

    private static void TurnOn(NetworkRig rig)
    {
        File.WriteAllText(Secret(rig), "x");
        File.SetUnixFileMode(Secret(rig), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        rig.Fabric.Shell($"""
            set -e
            {Binary.Find("canalctl")} --etcd {Etcd} etcd roles h1 --flannel-pool flannel --apply
            export ETCDCTL_API=3 ETCDCTL_ENDPOINTS={Etcd}
            etcdctl user add root:x; etcdctl user grant-role root root
            for pair in felix:canal-felix-h1 cni:canal-cni-h1 bird:canal-bird-config-renderer-h1 flannel:canal-flannel-bridge-h1 docker:canal-docker-h1; do
              etcdctl user add "$(echo $pair | cut -d: -f1):x"; etcdctl user grant-role "$(echo $pair | cut -d: -f1)" "$(echo $pair | cut -d: -f2)"
            done
            etcdctl auth enable
            """);
    }

    private static Task Until(NetworkRig rig, string key, string failure, string text = "") =>
        Poll.Until(() => rig.Fabric.Shell($"{Ctl("root")} get {key}") is { Length: > 0 } found && found.Contains(text, StringComparison.Ordinal), failure);

    private static string Secret(NetworkRig rig) => Path.Combine(rig.Folder, "password");

    private static string Ctl(string user) => $"ETCDCTL_API=3 etcdctl --endpoints {Etcd} --user {user}:x";

    private static string Canalctl(NetworkRig rig) => $"CANAL_CTL__ETCD__USERNAME=root CANAL_CTL__ETCD__PASSWORD_FILE={Secret(rig)} {Binary.Find("canalctl")} --etcd {Etcd}";

    private static void Environment(IDictionary<string, string> environment, string prefix, NetworkRig rig, string user)
    {
        environment[$"{prefix}__ETCD__USERNAME"] = user;
        environment[$"{prefix}__ETCD__PASSWORD_FILE"] = Secret(rig);
    }

    /// <summary>Another daemon on h1.</summary>
    private sealed class Running : IDisposable
    {
        private readonly Process process;

        public Running(NetworkRig rig, string program, string prefix, string user, string settings)
        {
            string folder = Directory.CreateDirectory(Path.Combine(rig.Folder, program)).FullName;
            File.WriteAllText(Path.Combine(folder, "canal.toml"), "node_name = \"h1\"\n[etcd]\nendpoints = [\"http://10.100.0.254:2379\"]\n");
            File.WriteAllText(Path.Combine(folder, $"{program["canal-".Length..]}.toml"), settings);
            ProcessStartInfo start = new("ip", ["netns", "exec", rig["h1"].Netns.Name, "sh", "-c", $"exec {Binary.Find(program)} --config-dir {folder} >>{folder}/log 2>&1"]);
            start.Environment["RUNTIME_DIRECTORY"] = start.Environment["STATE_DIRECTORY"] = folder;
            start.Environment.Remove("NOTIFY_SOCKET");
            start.Environment.Remove("JOURNAL_STREAM");
            Environment(start.Environment!, prefix, rig, user);
            process = Process.Start(start)!;
        }

        public void Dispose()
        {
            process.Kill();
            process.WaitForExit();
            process.Dispose();
        }
    }
}
