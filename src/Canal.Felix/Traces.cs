using System.Globalization;
using Canal.Core;
using Canal.Felix.Configuration;
using Canal.Hosting;

namespace Canal.Felix;

/// <summary>
/// By what the agent's routes and neighbours are told from others': the cleanup, which may have no datastore to ask, finds in a file what was in force last.
/// </summary>
/// <param name="Prefixes">Of workload interfaces' names.</param>
/// <param name="Protocol">Of routes.</param>
/// <param name="Devices">Of WireGuard.</param>
/// <param name="Iptables">There may be something of ours in iptables.</param>
/// <param name="LegacyBoot">The boot in which something of ours came into iptables-legacy, which only root can see; empty: none did. It ends with that boot.</param>
/// <param name="Former">Protocols of routes that were in force before; some may be left.</param>
/// <param name="StatusPrefix">Below it are status files; empty: where this host's own configuration says.</param>
internal sealed record Traces(EquatableArray<string> Prefixes, byte Protocol, EquatableArray<string> Devices, bool Iptables = false, string LegacyBoot = "", string StatusPrefix = "", EquatableArray<byte> Former = default)
{
    /// <summary>Nobody else needs the file.</summary>
    public const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Path of the file.</summary>
    public static string In(RuntimePaths paths) => Path.Combine(paths.State, "traces");

    /// <summary>What these parameters leave.</summary>
    public static Traces Of(FelixParameters parameters, bool iptables, string legacyBoot = "", string statusPrefix = "") =>
        new(parameters.InterfacePrefixes, parameters.RouteProtocol, parameters.Network.WireGuard.Families.Where(f => f.IsEnabled).Select(f => f.Device).ToEquatableArray(), iptables, legacyBoot, statusPrefix, parameters.FormerProtocols);

    /// <summary>The boot that the kernel is in.</summary>
    public static string Boot() => File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    /// <summary>The file's text: a line for the protocol, one for each prefix and device, one for iptables, one for the boot in which that was the legacy one, one for status files, and
    /// one for each former protocol.</summary>
    public string ToText() => $"protocol {Protocol.ToString(CultureInfo.InvariantCulture)}\n{string.Concat(Prefixes.Select(prefix => $"prefix {prefix}\n"))}{string.Concat(Devices.Select(device => $"device {device}\n"))}{(Iptables ? "iptables\n" : "")}{(LegacyBoot.Length > 0 ? $"legacy {LegacyBoot}\n" : "")}{(StatusPrefix.Length > 0 ? $"files {StatusPrefix}\n" : "")}{string.Concat(Former.Select(protocol => $"former {protocol.ToString(CultureInfo.InvariantCulture)}\n"))}";

    /// <summary>Null where there is none, or something else.</summary>
    /// <exception cref="IOException">It could not be read.</exception>
    public static Traces? Read(string path)
    {
        if (!File.Exists(path)) return null;
        byte? protocol = null;
        List<byte> former = [];
        List<string> prefixes = [], devices = [];
        bool iptables = false;
        string legacy = "", files = "";
        foreach (string line in File.ReadLines(path))
        {
            if (line.StartsWith("prefix ", StringComparison.Ordinal) && line.Length > "prefix ".Length) prefixes.Add(line["prefix ".Length..]);
            else if (line.StartsWith("device ", StringComparison.Ordinal) && line.Length > "device ".Length) devices.Add(line["device ".Length..]);
            else if (line == "iptables") iptables = true;
            else if (line.StartsWith("legacy ", StringComparison.Ordinal)) legacy = line["legacy ".Length..];
            else if (line.StartsWith("former ", StringComparison.Ordinal) && TryProtocol(line["former ".Length..], out byte before)) former.Add(before);
            else if (line.StartsWith("files ", StringComparison.Ordinal)) files = line["files ".Length..];
            else if (line.StartsWith("protocol ", StringComparison.Ordinal) && TryProtocol(line["protocol ".Length..], out byte number)) protocol = number;
            else return null;
        }
        return protocol is { } known ? new Traces([.. prefixes], known, [.. devices], iptables, legacy, files, [.. former]) : null;
    }

    private static bool TryProtocol(string text, out byte number) => byte.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
