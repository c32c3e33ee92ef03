using Canal.Core.Addressing;

namespace Canal.Core.Bgp;

/// <summary>
/// One of the administrator's files with BIRD configuration. Its name says the place: <c>export-ipv4-mine.conf</c>. In BIRD's file it stands between two
/// comments with its name, so that the file in force also says which version of it was accepted.
/// </summary>
/// <param name="Name">Letters, digits and <c>. - _</c>; ends in <c>.conf</c>.</param>
/// <param name="Text">Trusted as configuration is; BIRD's check judges it.</param>
public sealed record BirdSnippet(string Name, string Text)
{
    private const string Begin = "# snippet ", End = "# end of snippet ";

    /// <summary>Whether a file may be called so.</summary>
    public static bool IsName(string name) => BgpText.IsName(name);

    /// <summary>Where it stands.</summary>
    public BirdHook Hook => Name switch
    {
        _ when Is("definitions") => BirdHook.Definitions,
        _ when Is("import-ipv4") => BirdHook.ImportV4,
        _ when Is("export-ipv4") => BirdHook.ExportV4,
        _ when Is("kernel-ipv4") => BirdHook.KernelV4,
        _ when Is("import-ipv6") => BirdHook.ImportV6,
        _ when Is("export-ipv6") => BirdHook.ExportV6,
        _ when Is("kernel-ipv6") => BirdHook.KernelV6,
        _ when Is("sessions") => BirdHook.Sessions,
        _ => BirdHook.Top,
    };

    /// <summary>The family that a word of the name, between dashes and dots, says it is for; null for both, also when two words say so.</summary>
    public IpFamily? Family
    {
        get
        {
            string[] words = Name.Split('-', '.');
            bool v4 = words.Contains("ipv4"), v6 = words.Contains("ipv6");
            return v4 == v6 ? null : v4 ? IpFamily.V4 : IpFamily.V6;
        }
    }

    /// <summary>As it stands in BIRD's file.</summary>
    internal string Marked => $"{Begin}{Name}\n{Text}{(Text.EndsWith('\n') || Text.Length == 0 ? "" : "\n")}{End}{Name}\n";

    /// <summary>The snippets that a file of ours holds, each once, in the order of their names.</summary>
    public static EquatableArray<BirdSnippet> ReadBack(string file)
    {
        SortedDictionary<string, BirdSnippet> found = new(StringComparer.Ordinal);
        for (int at = 0; Next(file, Begin, at) is var begin and >= 0;)
        {
            int body = file.IndexOf('\n', begin) + 1;
            string name = body > 0 ? file[(begin + Begin.Length)..(body - 1)] : "";
            int end = body > 0 ? Next(file, $"{End}{name}\n", body) : -1;
            if (end >= 0) found.TryAdd(name, new BirdSnippet(name, file[body..end]));
            at = end >= 0 ? end : begin + Begin.Length;
        }
        return found.Values.ToEquatableArray();
    }

    private bool Is(string hook) => Name == $"{hook}.conf" || Name.StartsWith($"{hook}-", StringComparison.Ordinal);

    /// <summary>Where a line begins so; -1 for nowhere.</summary>
    private static int Next(string file, string beginning, int at)
    {
        for (; (at = file.IndexOf(beginning, at, StringComparison.Ordinal)) >= 0; at++)
            if (at == 0 || file[at - 1] == '\n') return at;
        return -1;
    }
}
