using System.Globalization;

namespace Canal.Testing.Rig;

/// <summary>
/// Names of the namespaces of one rig: <c>canal-&lt;pid&gt;-&lt;random&gt;-&lt;role&gt;</c>. The pid lets a later run recognise, and remove, what a crashed run left behind.
/// </summary>
internal sealed class NetnsName
{
    private const string Prefix = "canal-";
    private static readonly string Folders = Path.Combine(Path.GetTempPath(), "canal-e2e");
    private static readonly Lock Sweeping = new();
    private static bool swept;

    internal string Rig { get; } = $"{Prefix}{Environment.ProcessId}-{Convert.ToHexStringLower(Guid.NewGuid().ToByteArray(), 0, 3)}";

    /// <summary>Where a rig keeps logs and dumps: they outlive a failed test, until the next run's sweep.</summary>
    internal string Folder => Path.Combine(Folders, Rig);

    internal string Of(string role) => $"{Rig}-{role}";

    /// <summary>Removes, once per run, the namespaces and folders whose creating process is gone, and the processes still in them.</summary>
    internal static void SweepOnce()
    {
        lock (Sweeping)
        {
            if (swept)
                return;
            swept = true;
            foreach (string path in Directory.Exists("/run/netns") ? Directory.GetFiles("/run/netns", Prefix + "*") : [])
                if (CreatorIsGone(Path.GetFileName(path)))
                    Remove(Path.GetFileName(path));
            foreach (string path in Directory.Exists(Folders) ? Directory.GetDirectories(Folders, Prefix + "*") : [])
                if (CreatorIsGone(Path.GetFileName(path)))
                    Command.Run("rm", ["-rf", path]);
        }
    }

    /// <summary>Kills what still runs in a namespace of ours and removes it.</summary>
    internal static void Remove(string name) =>
        Command.Shell($"for p in $(ip netns pids {name}); do kill -9 $p 2>/dev/null || true; done; ip netns del {name} 2>/dev/null || true");

    private static bool CreatorIsGone(string name)
    {
        string[] parts = name.Split('-');
        return parts.Length >= 3 && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int pid) && !Directory.Exists($"/proc/{pid}");
    }
}
