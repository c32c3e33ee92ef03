using System.CommandLine;
using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;
using Canal.Hosting;

namespace Canal.Ctl;

/// <summary><c>canalctl diag</c>: everything that helps to understand a fault, in one archive, with secrets taken out.</summary>
internal sealed partial class DiagCommand
{
    private static readonly string[] ConfigurationFiles = ["canal.toml", "felix.toml", "bird-config-renderer.toml", "flannel-bridge.toml", "cni.toml", "docker.toml"];

    private static readonly (string Name, string Program, string[] Arguments)[] Commands =
    [
        ("uname.txt", "uname", ["-a"]),
        ("nft.txt", "nft", ["-a", "list", "table", "inet", "canal"]),
        ("ip-address.txt", "ip", ["-details", "address"]),
        ("ip-route.txt", "ip", ["-details", "route", "show", "table", "all"]),
        ("ip-neighbour.txt", "ip", ["neighbour"]),
        ("journal-felix.txt", "journalctl", ["-u", "canal-felix", "-n", "2000", "--no-pager", "-o", "short-precise"]),
        ("journal-bird.txt", "journalctl", ["-u", "canal-bird-config-renderer", "-u", "canal-bird", "-u", "canal-bird6", "-n", "2000", "--no-pager", "-o", "short-precise"]),
        ("journal-flannel.txt", "journalctl", ["-u", "canal-flannel-bridge", "-n", "2000", "--no-pager", "-o", "short-precise"]),
        ("journal-docker.txt", "journalctl", ["-u", "canal-docker", "-n", "2000", "--no-pager", "-o", "short-precise"]),
        ("units.txt", "systemctl", ["status", "--no-pager", "canal-felix", "canal-bird-config-renderer", "canal-bird", "canal-bird6", "canal-flannel-bridge", "canal-docker"]),
    ];

    private static readonly (string Name, string Daemon, string Request)[] Questions =
    [
        ("felix-status.txt", "felix", "status"), ("felix-config.txt", "felix", "show-config"), ("felix-counters.txt", "felix", "counters"), ("felix-drops.txt", "felix", "drops"),
        ("bird-status.txt", "bird-config-renderer", "status"), ("bird-routes.txt", "bird-config-renderer", "routes"), ("flannel-status.txt", "flannel-bridge", "status"),
    ];

    private readonly GlobalOptions options;
    private readonly Surroundings around;
    private readonly Option<string> output = new("--output", "-o") { Description = "The archive, a .tar.gz; canal-diag-TIME.tar.gz in this folder unless given.", HelpName = "FILE" };

    public DiagCommand(GlobalOptions options, Surroundings around)
    {
        (this.options, this.around) = (options, around);
        Definition = new Command("diag", "Gather what helps to understand a fault into an archive. Passwords, keys and tokens are taken out.") { output };
        Definition.SetAction(RunAsync);
    }

    public Command Definition { get; }

    /// <summary>Whatever follows a word that names a secret, and the user and password of a URL.</summary>
    internal static string WithoutSecrets(string text) =>
        PrivateKey().Replace(UrlLogin().Replace(NamedSecret().Replace(text, "$1(removed)"), "$1(removed)@"), "(private key removed)");

    /// <summary>Gathers; also for a command that does not have this one's option.</summary>
    public async Task<int> RunAsync(ParseResult parsed, CancellationToken stop)
    {
        string path = parsed.GetValue(output) ?? $"canal-diag-{around.Time.GetUtcNow():yyyyMMdd-HHmmss}.tar.gz";
        List<(string Name, string Text)> files = [];
        foreach ((string name, string program, string[] arguments) in Commands)
            files.Add((name, await OtherProgram.TryAsync(program, arguments, stop)));
        foreach ((string name, string daemon, string request) in Questions)
            files.Add((name, await TryAsync(async () => await ControlSocket.AskAsync(daemon, request, around, stop))));
        string directory = options.ConfigDirectory(parsed, around);
        foreach (string file in ConfigurationFiles)
        {
            if (File.Exists(Path.Combine(directory, file)))
                files.Add(($"etc/{file}", await TryAsync(() => File.ReadAllTextAsync(Path.Combine(directory, file), stop))));
        }
        files.Add(("resources.yaml", await TryAsync(() => ResourcesAsync(parsed, stop))));
        Write(path, files);
        around.Output.Write($"{path}\n");
        return ExitCode.Ok;
    }

    /// <summary>Every resource but those that hold nothing of networking.</summary>
    private async Task<string> ResourcesAsync(ParseResult parsed, CancellationToken stop)
    {
        await using Connection connection = await Connection.OpenAsync(parsed, options, around, stop);
        StringWriter text = new();
        await ResourceExport.WriteAsync(connection.Resources, text, stop);
        return text.ToString();
    }

    private static async Task<string> TryAsync(Func<Task<string>> read)
    {
        try
        {
            return await read();
        }
        catch (Exception error) when (error is CommandException or Datastore.EtcdException or IOException or UnauthorizedAccessException)
        {
            return $"not to be had: {error.Message}\n";
        }
    }

    private static void Write(string path, List<(string Name, string Text)> files)
    {
        try
        {
            FileStreamOptions own = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite };
            using FileStream file = new(path, own);
            using GZipStream packed = new(file, CompressionLevel.Optimal);
            using TarWriter archive = new(packed);
            foreach ((string name, string text) in files)
            {
                using MemoryStream content = new(Encoding.UTF8.GetBytes(WithoutSecrets(text)));
                archive.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, $"canal-diag/{name}") { DataStream = content, Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite });
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCode.Failure, error.Message);
        }
    }

    [GeneratedRegex("""((?:password|passwd|secret|token|psk|private[_-]?key|etcdKey)["']?\s*[:=]\s*)(?!\(removed\))(?:"[^"\n]*"|'[^'\n]*'|[^\s,}"']+)""", RegexOptions.IgnoreCase)]
    private static partial Regex NamedSecret();

    [GeneratedRegex(@"([a-z][a-z0-9+.-]*://)[^/\s@""']+@", RegexOptions.IgnoreCase)]
    private static partial Regex UrlLogin();

    [GeneratedRegex("-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|$)", RegexOptions.Singleline)]
    private static partial Regex PrivateKey();
}
