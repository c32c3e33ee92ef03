namespace Canal.Hosting;

/// <summary>The daemon's directories, as systemd names them to it (StateDirectory= and the like, systemd.exec(5)).</summary>
/// <param name="State">Survives a reboot.</param>
/// <param name="Runtime">Sockets; vanishes at boot.</param>
/// <param name="Configuration">Never written to.</param>
public sealed record RuntimePaths(string State, string Runtime, string Configuration)
{
    /// <summary>Of a list of several directories, separated by colons, ours is the one named canal: systemd sorts them. Without one it is the first.</summary>
    public static RuntimePaths FromEnvironment(IReadOnlyDictionary<string, string> environment) => new(
        Ours(environment, "STATE_DIRECTORY") ?? "/var/lib/canal",
        Ours(environment, "RUNTIME_DIRECTORY") ?? "/run/canal",
        Ours(environment, "CONFIGURATION_DIRECTORY") ?? "/etc/canal");

    private static string? Ours(IReadOnlyDictionary<string, string> environment, string name)
    {
        string[] paths = environment.GetValueOrDefault(name, "").Split(':', StringSplitOptions.RemoveEmptyEntries);
        return Array.Find(paths, path => Path.GetFileName(path) == "canal") ?? paths.FirstOrDefault();
    }
}
