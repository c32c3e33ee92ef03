using System.CommandLine;
using System.IO.Compression;
using Canal.Hosting;

namespace Canal.Ctl;

/// <summary><c>canalctl node checksystem</c>: whether this host's kernel has what the agents ask of it, as far as its configuration and modules tell.</summary>
internal sealed class SystemCheck
{
    private const string Release = "/proc/sys/kernel/osrelease";

    private static readonly (string Module, string Setting, string For, bool Needed)[] Parts =
    [
        ("nf_tables", "CONFIG_NF_TABLES", "policy", true),
        ("nf_tables", "CONFIG_NF_TABLES_INET", "policy", true),
        ("nft_ct", "CONFIG_NFT_CT", "connections that are established", true),
        ("nft_fib_inet", "CONFIG_NFT_FIB_INET", "spoofed source addresses", true),
        ("nft_reject_inet", "CONFIG_NFT_REJECT_INET", "filter_deny_action Reject", true),
        ("nft_log", "CONFIG_NFT_LOG", "Log rules and drops", true),
        ("nfnetlink_log", "CONFIG_NETFILTER_NETLINK_LOG", "drops", true),
        ("nf_conntrack", "CONFIG_NF_CONNTRACK", "connections that are established", true),
        ("nf_conntrack_netlink", "CONFIG_NF_CT_NETLINK", "flows, on_revoke", true),
        ("nft_limit", "CONFIG_NFT_LIMIT", "qosControls", false),
        ("nft_connlimit", "CONFIG_NFT_CONNLIMIT", "qosControls", false),
        ("nft_masq", "CONFIG_NFT_MASQ", "natOutgoing", false),
        ("nft_nat", "CONFIG_NFT_NAT", "floating addresses", false),
        ("veth", "CONFIG_VETH", "containers", false),
        ("vxlan", "CONFIG_VXLAN", "VXLAN between hosts", false),
        ("ipip", "CONFIG_NET_IPIP", "IP-in-IP between hosts", false),
        ("wireguard", "CONFIG_WIREGUARD", "encryption between hosts", false),
        ("tun", "CONFIG_TUN", "flannel's udp backend", false),
    ];

    private readonly Surroundings around;
    private readonly Option<string> kernelConfig = new("--kernel-config", "-f") { Description = "The kernel's configuration, where it is in none of the usual places.", HelpName = "FILE" };

    public SystemCheck(Surroundings around)
    {
        this.around = around;
        Definition = new Command("checksystem", "Check that this host's kernel has what the agents need. Ends with 1 when something is missing.") { kernelConfig };
        Definition.SetAction(Run);
    }

    public Command Definition { get; }

    private int Run(ParseResult parsed)
    {
        string release = File.ReadAllText(Release).Trim();
        HashSet<string> settings = Settings(release, parsed.GetValue(kernelConfig)), modules = Modules(release);
        List<string[]> rows = [["PART", "FOR", "STATE"]];
        bool good = true;
        foreach ((string module, string setting, string use, bool needed) in Parts)
        {
            bool there = modules.Contains(module) || settings.Contains(setting);
            rows.Add([setting, use, there ? "ok" : needed ? "MISSING" : "missing (optional)"]);
            good &= there || !needed;
        }
        TableText.Write(rows, around.Output);
        if (settings.Count == 0 && modules.Count == 0)
            around.Say($"neither the configuration of kernel {release} nor its modules are to be found here: give --kernel-config FILE");
        return good ? ExitCode.Ok : ExitCode.Failure;
    }

    /// <summary>What the kernel was built with, in it or as a module.</summary>
    /// <exception cref="CommandException">The file that was named cannot be read.</exception>
    private static HashSet<string> Settings(string release, string? named)
    {
        string? file = named ?? ((string[])[$"/boot/config-{release}", $"/lib/modules/{release}/config", "/proc/config.gz"]).FirstOrDefault(File.Exists);
        return file is null ? [] : [.. Lines(file).Where(line => line.EndsWith("=y", StringComparison.Ordinal) || line.EndsWith("=m", StringComparison.Ordinal)).Select(line => line[..^2])];
    }

    private static List<string> Lines(string file)
    {
        try
        {
            using FileStream stream = File.OpenRead(file);
            using StreamReader reader = new(file.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(stream, CompressionMode.Decompress) : stream);
            List<string> lines = [];
            while (reader.ReadLine() is { } line)
                lines.Add(line);
            return lines;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new CommandException(ExitCode.Failure, $"{file}: {error.Message}");
        }
    }

    /// <summary>Modules that are loaded or could be, and those that are part of the kernel. Their names in files may have dashes.</summary>
    private static HashSet<string> Modules(string release)
    {
        HashSet<string> found = Directory.Exists("/sys/module") ? [.. Directory.GetDirectories("/sys/module").Select(path => Path.GetFileName(path))] : [];
        foreach (string list in ((string[])["modules.builtin", "modules.dep"]).Select(name => $"/lib/modules/{release}/{name}").Where(File.Exists))
            found.UnionWith(Lines(list).Select(line => Path.GetFileName(line.Split(':')[0]).Split('.')[0].Replace('-', '_')));
        return found;
    }
}
