namespace Canal.Hosting;

/// <summary>The daemon's directories, as systemd names them to it (StateDirectory= and the like, systemd.exec(5)).</summary>
/// <param name="State">Survives a reboot.</param>
/// <param name="Runtime">Sockets; vanishes at boot.</param>
/// <param name="Configuration">Never written to.</param>
public sealed record RuntimePaths(string State, string Runtime, string Configuration)
{
    /// <summary>Of a list of several directories, separated by colons, the first is ours.</summary>
    public static RuntimePaths FromEnvironment(IReadOnlyDictionary<string, string> environment) => new(
        First(environment, "STATE_DIRECTORY") ?? "/var/lib/canal",
        First(environment, "RUNTIME_DIRECTORY") ?? "/run/canal",
        First(environment, "CONFIGURATION_DIRECTORY") ?? "/etc/canal");

    private static string? First(IReadOnlyDictionary<string, string> environment, string name) =>
        environment.GetValueOrDefault(name, "").Split(':', 2)[0] is { Length: > 0 } path ? path : null;
}
