using Canal.BirdConfigRenderer.Bird;
using Canal.Core;
using Canal.Core.Bgp;
using Serilog;

namespace Canal.BirdConfigRenderer;

/// <summary>
/// Which of the administrator's snippets BIRD takes. A bad one must not keep the cluster's changes from BIRD, so in its place stands the version that was
/// accepted before, or nothing; a good one comes back as soon as it is good.
/// </summary>
internal sealed class SnippetChoice(BirdFiles files, ILogger log)
{
    private readonly SortedDictionary<string, BadSnippet> bad = new(StringComparer.Ordinal);

    /// <summary>What is wrong with those that are not used as they are, by name.</summary>
    public IEnumerable<string> Wrong => bad.Select(b => $"{b.Key}: {b.Value.Reason}");

    /// <summary>All as they are, and BIRD has taken them.</summary>
    public void Accept() => Tell([]);

    /// <summary>A set that BIRD takes; null when it would refuse the configuration without any too.</summary>
    /// <param name="wanted">All together were refused.</param>
    /// <param name="accepted">The versions that were taken last.</param>
    /// <param name="write">The whole configuration with a set.</param>
    /// <param name="stop">Ends it.</param>
    /// <exception cref="IOException">BIRD cannot be asked.</exception>
    public async Task<List<BirdSnippet>?> ChooseAsync(IReadOnlyList<BirdSnippet> wanted, IReadOnlyCollection<BirdSnippet> accepted, Func<IEnumerable<BirdSnippet>, EquatableArray<string>> write, CancellationToken stop)
    {
        if (bad.Count > 0 && await AsLastTimeAsync(wanted, accepted, write, stop).ConfigureAwait(false) is { } same) return same;
        if (await files.CheckAsync(write([]), stop).ConfigureAwait(false) is not null) return null;
        Dictionary<string, BadSnippet> found = new(StringComparer.Ordinal);
        List<BirdSnippet> good = [];
        // In the order of their places: what one defines another may use.
        foreach (BirdSnippet snippet in wanted.OrderBy(s => s.Hook))
        {
            if (await files.CheckAsync(write([.. good, snippet]), stop).ConfigureAwait(false) is not { } reason)
            {
                good.Add(snippet);
                continue;
            }
            BirdSnippet? before = accepted.FirstOrDefault(s => s.Name == snippet.Name && s.Text != snippet.Text);
            bool stays = before is not null && await files.CheckAsync(write([.. good, before]), stop).ConfigureAwait(false) is null;
            if (stays) good.Add(before!);
            found.Add(snippet.Name, new BadSnippet(snippet.Text, reason, stays));
        }
        Tell(found);
        return good;
    }

    /// <summary>Most often nothing has changed about the bad ones.</summary>
    private async Task<List<BirdSnippet>?> AsLastTimeAsync(IReadOnlyList<BirdSnippet> wanted, IReadOnlyCollection<BirdSnippet> accepted, Func<IEnumerable<BirdSnippet>, EquatableArray<string>> write, CancellationToken stop)
    {
        if (bad.Any(b => !wanted.Any(s => s.Name == b.Key && s.Text == b.Value.Text))) return null;
        List<BirdSnippet> set = [];
        foreach (BirdSnippet snippet in wanted.OrderBy(s => s.Hook))
        {
            if (!bad.TryGetValue(snippet.Name, out BadSnippet? wrong)) set.Add(snippet);
            else if (wrong.EarlierStays && accepted.FirstOrDefault(s => s.Name == snippet.Name) is { } before) set.Add(before);
        }
        return await files.CheckAsync(write(set), stop).ConfigureAwait(false) is null ? set : null;
    }

    private void Tell(Dictionary<string, BadSnippet> found)
    {
        foreach ((string name, BadSnippet snippet) in found)
            if (!bad.TryGetValue(name, out BadSnippet? told) || told.Text != snippet.Text) Log.Snippet(log, name, snippet.Reason, snippet.EarlierStays);
        foreach (string name in bad.Keys.Where(name => !found.ContainsKey(name)).ToArray())
        {
            Log.SnippetIsGood(log, name);
            bad.Remove(name);
        }
        foreach ((string name, BadSnippet snippet) in found) bad[name] = snippet;
    }

    /// <summary>A version that BIRD refuses; whether the one that was accepted before is in its place.</summary>
    private sealed record BadSnippet(string Text, string Reason, bool EarlierStays);
}
