using System.Security.Cryptography;
using System.Text;
using Canal.Core.Addressing;

namespace Canal.Core.Bgp;

/// <summary>
/// The filters of sessions, each distinct one once and by name: BIRD reads a thousand sessions with filters of their own ten times as slowly as with shared
/// ones. A name follows from what the filter does, so that it does not change with other sessions.
/// </summary>
internal static class BirdSessionFilterWriter
{
    public static string ImportName(BgpSession session) => Name("import", session, session.ImportFilters);

    public static string ExportName(BgpSession session) => Name("export", session, session.ExportFilters);

    public static void Write(BirdText text, IEnumerable<BgpSession> sessions)
    {
        HashSet<string> written = new(StringComparer.Ordinal);
        foreach (BgpSession session in sessions)
        {
            string digit = BirdText.Digit(session.Family), same = session.IsInternal ? "true" : "false";
            if (written.Add(ImportName(session)))
                Write(text, ImportName(session), session.Family, "import", session.ImportFilters, [$"hook_import{digit}({same});"], $"import{digit}();", same);
            if (written.Add(ExportName(session)))
                Write(text, ExportName(session), session.Family, "export", session.ExportFilters, [$"priority{digit}();", $"hook_export{digit}({same});"], $"export{digit}({same});", same);
        }
    }

    private static void Write(BirdText text, string name, IpFamily family, string direction, EquatableArray<string> filters, ReadOnlySpan<string> before, string after, string same)
    {
        text.Open($"filter {name}");
        foreach (string line in before) text.Line(line);
        foreach (string filter in filters) text.Line($"{BirdText.Symbol(direction, family, filter)}({same});");
        text.Line(after).Close().Line("");
    }

    private static string Name(string direction, BgpSession session, EquatableArray<string> filters)
    {
        string name = $"session_{direction}{BirdText.Digit(session.Family)}_{(session.IsInternal ? "internal" : "external")}";
        return filters.IsEmpty ? name : $"{name}_{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('/', filters))))[..16]}";
    }
}
