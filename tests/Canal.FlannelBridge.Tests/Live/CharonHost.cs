using System.Diagnostics;
using Canal.Testing.Rig;

namespace Canal.FlannelBridge.Tests.Live;

/// <summary>strongSwan's charon in a network namespace of its own that has 192.0.2.1, with its socket in a folder of its own. Skips the test where it is not installed.</summary>
internal sealed class CharonHost : IDisposable
{
    private const string Program = "/usr/sbin/charon-systemd";

    private readonly string folder = Directory.CreateTempSubdirectory("canal-charon-").FullName;
    private readonly string name = $"canal-charon-{Environment.ProcessId}-{Guid.NewGuid().ToString("N")[..6]}";
    private Process? process;

    public CharonHost()
    {
        Assert.SkipUnless(Environment.UserName == "root", "needs root for network namespaces");
        Assert.SkipUnless(File.Exists(Program), "strongSwan's charon-systemd is not installed");
        Command.Shell($"ip netns add {name}; ip -n {name} link set lo up; ip -n {name} link add eth0 type veth peer name other; ip -n {name} addr add 192.0.2.1/24 dev eth0; ip -n {name} link set eth0 up; ip -n {name} link set other up");
        File.WriteAllText($"{folder}/strongswan.conf", $$"""
            charon-systemd {
              load = random nonce openssl aes sha1 sha2 hmac kdf gcm gmp kernel-netlink socket-default vici
              filelog { all { path = {{Log}}
                default = 1
                flush_line = yes } }
              journal { default = -1 }
              plugins { vici { socket = unix://{{Socket}} } }
            }
            """);
    }

    public string Socket => $"{folder}/vici";

    private string Log => $"{folder}/log";

    public string Journal => File.Exists(Log) ? File.ReadAllText(Log) : "";

    public async Task Start()
    {
        ProcessStartInfo start = new("ip", ["netns", "exec", name, Program]) { RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment["STRONGSWAN_CONF"] = $"{folder}/strongswan.conf";
        process = Process.Start(start)!;
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        await Poll.Until(() => Journal.Contains("spawning", StringComparison.Ordinal) && File.Exists(Socket), $"charon does not start: {Journal}");
    }

    public void Stop()
    {
        process!.Kill();
        process.WaitForExit();
        File.Delete(Log);
        process.Dispose();
        process = null;
    }

    /// <summary>What strongSwan's own program lists.</summary>
    public string Swanctl(string command) => Command.Shell($"STRONGSWAN_CONF={folder}/strongswan.conf swanctl {command} --uri unix://{Socket}");

    public void Dispose()
    {
        if (process is not null) Stop();
        Command.Shell($"ip netns del {name}");
        Directory.Delete(folder, recursive: true);
    }
}
