using System.CommandLine;
using Canal.Hosting;

namespace Canal.Ctl;

/// <summary>The options that every command takes.</summary>
internal sealed class GlobalOptions
{
    private readonly Option<string[]> etcd = new("--etcd")
    {
        Description = "Use the etcd at this URL instead of the configured one; more than once, or with commas, for several members.",
        HelpName = "URL",
        Recursive = true,
    };

    private readonly Option<string> configDir = new("--config-dir")
    {
        Description = "Read canal.toml from this folder instead of /etc/canal.",
        HelpName = "DIR",
        Recursive = true,
    };

    private readonly Option<string> calicoctl = new("--config", "-c")
    {
        Description = "Where etcd is, in the form of calicoctl's configuration (CalicoAPIConfig).",
        HelpName = "FILE",
        Recursive = true,
    };

    // calicoctl refuses to work with a cluster of another version unless told so; here there is nothing to allow.
    private readonly Option<bool> allowMismatch = new("--allow-version-mismatch") { Hidden = true, Recursive = true };

    private readonly Option<string> timeout = new("--timeout")
    {
        Description = "How long etcd may take to answer a request; default: 5s.",
        HelpName = "DURATION",
        DefaultValueFactory = _ => "5s",
        Recursive = true,
    };

    // In scripts that were written for calicoctl: what it logs, and which context of a kubeconfig it uses.
    private readonly Option<string> logLevel = new("--log-level", "-l") { Hidden = true, Recursive = true };
    private readonly Option<string> context = new("--context") { Hidden = true, Recursive = true };

    public void AddTo(RootCommand root)
    {
        root.Add(logLevel);
        root.Add(context);
        root.Add(etcd);
        root.Add(configDir);
        root.Add(calicoctl);
        root.Add(timeout);
        root.Add(allowMismatch);
    }

    /// <summary>The URLs given; none is no reason to look elsewhere than in the configuration.</summary>
    public IReadOnlyList<string> Etcd(ParseResult parsed) => parsed.GetValue(etcd) ?? [];

    /// <summary>The folder of canal.toml.</summary>
    public string ConfigDirectory(ParseResult parsed, Surroundings around) =>
        parsed.GetValue(configDir) ?? RuntimePaths.FromEnvironment(around.Environment).Configuration;

    /// <summary>A configuration file of calicoctl's; null when none is named.</summary>
    public string? CalicoctlFile(ParseResult parsed) => parsed.GetValue(calicoctl);

    /// <exception cref="CommandException">Usage.</exception>
    public TimeSpan Timeout(ParseResult parsed)
    {
        string text = parsed.GetValue(timeout)!;
        bool good = DurationText.TryParse(text, out TimeSpan duration) && duration >= TimeSpan.FromMilliseconds(100) && duration <= TimeSpan.FromHours(1);
        return good ? duration : throw CommandException.Usage($"--timeout: '{text}' is not a duration from 100ms to 1h, such as 10s");
    }
}
