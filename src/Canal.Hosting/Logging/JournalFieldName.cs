using System.Collections.Concurrent;
using System.Text;

namespace Canal.Hosting;

/// <summary>
/// The journal's name of a property: <c>PolicyName</c> is <c>CANAL_POLICY_NAME</c>. journald takes A-Z, 0-9 and underscore, at most 64 characters
/// (journal_field_valid), and drops the field otherwise; so other characters become underscores and long names are cut.
/// </summary>
internal static class JournalFieldName
{
    private const int Longest = 64;

    // Names come from message templates in the code, so they are few; the bound guards against one that is built at run time.
    private const int MostCached = 1024;

    private static readonly ConcurrentDictionary<string, string> Cache = new(
        [
            new(LogExtensions.MessageId, "MESSAGE_ID"), new(LogExtensions.CodeFile, "CODE_FILE"), new(LogExtensions.CodeLine, "CODE_LINE"),
            new(LogExtensions.CodeFunction, "CODE_FUNC"),
        ]);

    public static string Of(string property)
    {
        if (Cache.TryGetValue(property, out string? known))
            return known;
        string name = Build(property);
        if (Cache.Count < MostCached)
            Cache.TryAdd(property, name);
        return name;
    }

    private static string Build(string property)
    {
        StringBuilder name = new("CANAL_");
        for (int i = 0; i < property.Length && name.Length < Longest; i++)
        {
            if (BeginsWord(property, i) && name[^1] != '_')
                name.Append('_');
            name.Append(char.IsAsciiLetterOrDigit(property[i]) ? char.ToUpperInvariant(property[i]) : '_');
        }
        return name.Length > Longest ? name.ToString(0, Longest) : name.ToString();
    }

    // "PolicyName" and "IPSetName": at the N, and at the S, which ends a run of capitals.
    private static bool BeginsWord(string text, int at) =>
        at > 0 && char.IsAsciiLetterUpper(text[at])
        && (!char.IsAsciiLetterUpper(text[at - 1]) || (at + 1 < text.Length && char.IsAsciiLetterLower(text[at + 1])));
}
