using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Canal.BirdConfigRenderer.Bird;

/// <summary>BIRD as it says it is.</summary>
internal sealed partial record BirdView
{
    public string Version { get; init; } = "";
    public string RouterId { get; init; } = "";
    public string LastReboot { get; init; } = "";
    public string LastReconfiguration { get; init; } = "";

    /// <summary>It still waits for neighbours after a restart.</summary>
    public bool IsRecovering { get; init; }

    /// <summary>By name.</summary>
    public ImmutableSortedDictionary<string, SessionState> Sessions { get; init; } = ImmutableSortedDictionary<string, SessionState>.Empty;

    /// <summary>Asks a BIRD.</summary>
    /// <exception cref="IOException">It does not answer.</exception>
    public static async Task<BirdView> ReadAsync(string socketPath, CancellationToken cancel)
    {
        using BirdSocket socket = await BirdSocket.ConnectAsync(socketPath, cancel).ConfigureAwait(false);
        // Nothing that is asked from here on can change anything.
        await socket.AskAsync("restrict", cancel).ConfigureAwait(false);
        return Of(await socket.AskAsync("show status", cancel).ConfigureAwait(false), await socket.AskAsync("show protocols all", cancel).ConfigureAwait(false));
    }

    /// <summary>Reads the answers to <c>show status</c> and <c>show protocols all</c>.</summary>
    public static BirdView Of(BirdReply status, BirdReply protocols)
    {
        string text = status.ToString();
        return new BirdView
        {
            Version = After(text, "BIRD "),
            RouterId = After(text, "Router ID is "),
            LastReboot = After(text, "Last reboot on "),
            LastReconfiguration = After(text, "Last reconfiguration on "),
            IsRecovering = text.Contains("Graceful restart recovery in progress", StringComparison.Ordinal) || status.Has(24),
            Sessions = Read(protocols).ToImmutableSortedDictionary(s => s.Name, s => s, StringComparer.Ordinal),
        };
    }

    private static IEnumerable<SessionState> Read(BirdReply protocols)
    {
        SessionState? session = null;
        foreach (BirdLine line in protocols.Lines)
        {
            if (line.Code == 1002)
            {
                if (session is not null) yield return session;
                string[] words = line.Text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                // name, protocol, table, state, since (a date and a time)
                session = words.Length >= 5 && words[1] == "BGP" ? new SessionState(words[0], "Down", string.Join(' ', words.Skip(4).Take(2)), "", 0, 0) : null;
            }
            else if (line.Code == 1006 && session is not null)
            {
                session = WithDetail(session, line.Text.Trim());
            }
        }
        if (session is not null) yield return session;
    }

    private static SessionState WithDetail(SessionState session, string detail)
    {
        if (detail.StartsWith("BGP state:", StringComparison.Ordinal)) return session with { State = detail["BGP state:".Length..].Trim() };
        if (detail.StartsWith("Last error:", StringComparison.Ordinal)) return session with { LastError = detail["Last error:".Length..].Trim() };
        if (!detail.StartsWith("Routes:", StringComparison.Ordinal)) return session;
        return session with { Imported = Count(Imported(), detail), Exported = Count(Exported(), detail) };
    }

    private static int Count(Regex pattern, string text) => pattern.Match(text) is { Success: true } match ? int.Parse(match.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture) : 0;

    private static string After(string text, string label)
    {
        int start = text.IndexOf(label, StringComparison.Ordinal);
        if (start < 0) return "";
        start += label.Length;
        int end = text.IndexOf('\n', start);
        return (end < 0 ? text[start..] : text[start..end]).Trim();
    }

    [GeneratedRegex(@"(\d+) imported")]
    private static partial Regex Imported();

    [GeneratedRegex(@"(\d+) exported")]
    private static partial Regex Exported();
}
