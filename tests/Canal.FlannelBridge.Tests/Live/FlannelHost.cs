using System.Diagnostics;
using System.Text;
using Canal.Core.Addressing;
using Canal.Core.Flannel;
using Canal.Testing.Rig;

namespace Canal.FlannelBridge.Tests.Live;

/// <summary>One host of a fabric: a namespace on one of its links, the bridge, and a workload behind a Linux bridge as the CNI plugin makes it.</summary>
internal sealed class FlannelHost : IDisposable
{
    private readonly string folder;
    private readonly int link;
    private readonly StringBuilder log = new();
    private readonly List<string> containers = [];
    private Process? bridge;

    public FlannelHost(int number, int link, string namespaceName, string folder, string[] settings)
    {
        (Number, this.link, this.folder) = (number, link, folder);
        Netns = new Netns(namespaceName);
        foreach (string part in (string[])["config", "run", "state"]) Directory.CreateDirectory(Path.Combine(folder, part));
        Configure(settings);
    }

    public int Number { get; }

    public Netns Netns { get; }

    public string Address => $"192.168.{link}.{Number}";

    public string AddressV6 => $"fd{link}::{Number}";

    public string SubnetFilePath => Path.Combine(folder, "flannel", "subnet.env");

    public bool HasSubnet => File.Exists(SubnetFilePath);

    public SubnetFile Told => SubnetFile.Read(File.ReadAllText(SubnetFilePath));

    /// <summary>The leased subnets.</summary>
    public FlannelSubnet Subnet => Told.Subnet!.Value;

    /// <summary>Address of the workload.</summary>
    public string Workload(IpFamily family = IpFamily.V4) => Subnet[family]!.Value.AddressAt(7).ToString();

    /// <summary>What a start without etcd would go by has this other host, and only the agent's user can read it.</summary>
    public bool HasKept(FlannelSubnet other)
    {
        string file = Path.Combine(folder, "state", "flannel-network-coreos.com-network");
        return File.Exists(file) && File.ReadAllText(file).Contains($"\"{other}\"", StringComparison.Ordinal) && File.GetUnixFileMode(file) == (UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    public bool IsRunning => bridge is { HasExited: false };

    public int Pid => bridge!.Id;

    /// <summary>What the bridge has logged.</summary>
    public string Log
    {
        get
        {
            lock (log) return log.ToString();
        }
    }

    public void Configure(params string[] settings)
    {
        File.WriteAllText(Path.Combine(folder, "config", "canal.toml"), $"node_name = \"h{Number}\"\n[etcd]\nendpoints = [\"http://{FlannelFabric.EtcdAddress}:2379\"]\n");
        File.WriteAllText(Path.Combine(folder, "config", "flannel-bridge.toml"), $"subnet_file = \"{SubnetFilePath}\"\n{string.Join('\n', settings)}\n");
    }

    public void Connect()
    {
        Canal.Testing.Rig.Command.IpBatch(
            [
                "link set lo up", $"addr add {Address}/24 dev e0", $"addr add {AddressV6}/64 dev e0 nodad", "link set e0 up",
                $"route add default via 192.168.{link}.254 dev e0", $"route add ::/0 via fd{link}::fe dev e0",
            ], Netns);
        Netns.WriteSysctl("net/ipv4/ip_forward", "1");
        Netns.WriteSysctl("net/ipv6/conf/all/forwarding", "1");
    }

    public void Start()
    {
        ProcessStartInfo start = Command();
        bridge = Netns.Run(() => Process.Start(start))!;
        bridge.ErrorDataReceived += (_, line) => Keep(line.Data);
        bridge.OutputDataReceived += (_, line) => Keep(line.Data);
        bridge.BeginErrorReadLine();
        bridge.BeginOutputReadLine();
    }

    /// <summary>A second bridge on this host, in the network under another prefix.</summary>
    public FlannelHost InAnotherNetwork(string prefix) =>
        new(Number, link, Netns.Name, folder + "-too", [$"etcd_prefix = \"{prefix}\"", "nftables_table = \"canal-flannel-too\""]);

    /// <summary>kill -9.</summary>
    public void Kill()
    {
        bridge?.Kill();
        bridge?.WaitForExit();
        bridge?.Dispose();
        bridge = null;
    }

    /// <summary>Runs to its end with these arguments; the exit code and all output.</summary>
    public (int Code, string Output) RunToEnd(params string[] arguments)
    {
        ProcessStartInfo start = Command(arguments);
        using Process process = Netns.Run(() => Process.Start(start))!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd() + errors.Result;
        process.WaitForExit();
        return (process.ExitCode, output);
    }

    public string Ask(string command) => RunToEnd(command).Output;

    /// <summary>The workload: an address of the subnet behind cni0, as flannel's CNI plugin leaves it.</summary>
    public void AddWorkload()
    {
        if (Netns.Shell("ip -o link show type bridge").Contains("cni0", StringComparison.Ordinal)) return;
        List<string> lines = ["link add cni0 type bridge", "link set cni0 up"];
        foreach (IpFamily family in (IpFamily[])[IpFamily.V4, IpFamily.V6])
            if (Subnet[family] is { } subnet)
                lines.AddRange([$"addr add {subnet.AddressAt(1)}/{subnet.Length} dev cni0{(family == IpFamily.V6 ? " nodad" : "")}", $"addr add {subnet.AddressAt(7)}/{family.Bits} dev lo{(family == IpFamily.V6 ? " nodad" : "")}"]);
        Canal.Testing.Rig.Command.IpBatch(lines, Netns);
    }

    /// <summary>A container behind cni0; returns the name of its namespace, which goes with the host.</summary>
    public string AddContainer()
    {
        string name = $"{Netns.Name}-wl";
        Cidr subnet = Subnet.V4Cidr!.Value;
        Canal.Testing.Rig.Command.Shell($"ip netns add {name}; ip -n {Netns.Name} link add wl type veth peer name eth0 netns {name}; ip -n {Netns.Name} link set wl master cni0 up; ip -n {name} link set eth0 up; ip -n {name} addr add {subnet.AddressAt(9)}/{subnet.Length} dev eth0; ip -n {name} route add default via {subnet.AddressAt(1)}");
        containers.Add(name);
        return name;
    }

    /// <summary>One packet from a container, there and back.</summary>
    public static bool Pings(string container, string address)
    {
        try
        {
            Canal.Testing.Rig.Command.Shell($"ip netns exec {container} ping -c 1 -W 1 {address}");
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>What follows a word of <c>ip link</c>; empty while there is no such device.</summary>
    public string DeviceField(string device, string word) => System.Text.RegularExpressions.Regex.Match(Netns.Shell($"ip -o link show dev {device} 2>/dev/null || true"), $"{word} (\\S+)").Groups[1].Value;

    public string Routes() => Netns.Shell("ip route; ip -6 route");

    public bool HasRouteTo(FlannelHost other) => Routes().Contains($"{other.Subnet.V4Cidr ?? other.Subnet.V6Cidr} via ", StringComparison.Ordinal);

    /// <summary>One packet from workload to workload, there and back.</summary>
    public bool Reaches(FlannelHost other, IpFamily family = IpFamily.V4, int size = 56)
    {
        try
        {
            Netns.Shell($"ping -c 1 -W 5 -M do -s {size} -I {Workload(family)} {other.Workload(family)}");
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>What flannel would have made: entries of tunnels, addresses of devices, routes over them or over other hosts.</summary>
    public string[] Entries()
    {
        string devices = Netns.Shell("bridge fdb; ip neigh; ip -6 neigh; ip -o -4 addr; ip -o -6 addr; ip route; ip -6 route");
        return [.. devices.Split('\n').Select(l => System.Text.RegularExpressions.Regex.Replace(l.Trim(), "^[0-9]+: ", "")).Where(l => l.Contains("flannel", StringComparison.Ordinal) || l.Contains(" via 192.168.", StringComparison.Ordinal) || l.Contains(" via fd", StringComparison.Ordinal))
            .Where(l => !l.Contains("default", StringComparison.Ordinal) && !l.Contains("fe80", StringComparison.Ordinal)).Distinct().Order(StringComparer.Ordinal)];
    }

    public void Dispose()
    {
        Kill();
        foreach (string container in containers) Canal.Testing.Rig.Command.Shell($"ip netns del {container}");
        Netns.Dispose();
    }

    private ProcessStartInfo Command(params string[] arguments)
    {
        ProcessStartInfo start = new(Program(), [.. arguments, "--config-dir", Path.Combine(folder, "config")]) { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (string name in (string[])["NOTIFY_SOCKET", "JOURNAL_STREAM"]) start.Environment.Remove(name);
        start.Environment["RUNTIME_DIRECTORY"] = Path.Combine(folder, "run");
        start.Environment["STATE_DIRECTORY"] = Path.Combine(folder, "state");
        return start;
    }

    // The native binary where one was built, else the one beside this test.
    private static string Program()
    {
        const string name = "canal-flannel-bridge";
        string native = Path.Combine(Environment.GetEnvironmentVariable("CANAL_BIN_DIR") ?? "", name);
        return File.Exists(native) ? native : Path.Combine(AppContext.BaseDirectory, name);
    }

    private void Keep(string? line)
    {
        lock (log) log.AppendLine(line);
    }
}
