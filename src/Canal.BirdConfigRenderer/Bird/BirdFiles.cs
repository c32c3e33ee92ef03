using System.Collections.Immutable;
using Canal.Core;
using Canal.Core.Bgp;

namespace Canal.BirdConfigRenderer.Bird;

/// <summary>The files of all BIRD processes of this host, a text for each: in force together or not at all.</summary>
internal sealed class BirdFiles(ImmutableArray<BirdDaemon> daemons)
{
    /// <summary>All are there.</summary>
    public bool Exist => daemons.All(d => d.File.Exists);

    /// <summary>Why a running BIRD would not have its file when it was last told to read it; null when all had theirs.</summary>
    public string? Refusal => daemons.Select(d => d.File.Refusal).FirstOrDefault(r => r is not null);

    /// <summary>The files as they are, empty for one that is not there; null when none is.</summary>
    public EquatableArray<string>? Read()
    {
        string?[] texts = [.. daemons.Select(d => d.File.Read())];
        return texts.All(t => t is null) ? null : texts.Select(t => t ?? "").ToEquatableArray();
    }

    /// <summary>The plan without what these BIRDs cannot do.</summary>
    public BirdPlan Fit(BirdPlan plan, BgpInputs inputs) => daemons.Aggregate(plan, (fit, daemon) => daemon.Dialect.Fit(fit, inputs));

    /// <summary>The texts that say a configuration, with these snippets.</summary>
    public EquatableArray<string> Write(BirdConfiguration configuration, IEnumerable<BirdSnippet> snippets) =>
        daemons.Select(d => BirdWriter.Write(d.Dialect, configuration, BirdSnippets.Of(snippets.Where(d.Dialect.Takes)))).ToEquatableArray();

    /// <summary>What BIRD says against texts; null when it accepts all.</summary>
    /// <exception cref="IOException">It cannot be asked; it may be later.</exception>
    public async Task<string?> CheckAsync(EquatableArray<string> texts, CancellationToken stop)
    {
        try
        {
            return await JudgeAsync(texts, stop).ConfigureAwait(false);
        }
        finally
        {
            Discard();
        }
    }

    /// <summary>Puts in place what differs, and has each running BIRD read its file. Null when all have theirs, else why all the old ones stay.</summary>
    /// <exception cref="IOException">A file cannot be written, or BIRD cannot be asked about it.</exception>
    public async Task<string?> PutAsync(EquatableArray<string> texts, CancellationToken stop)
    {
        string?[] before = [.. daemons.Select(d => d.File.Read())];
        try
        {
            if (await JudgeAsync(texts, stop).ConfigureAwait(false) is { } refusal) return refusal;
            for (int i = 0; i < texts.Count; i++)
                if (texts[i] != before[i] && await daemons[i].File.TakeAsync(stop).ConfigureAwait(false) is { } late) return await PutBackAsync(before, i, late, stop).ConfigureAwait(false);
            return null;
        }
        finally
        {
            Discard();
        }
    }

    private async Task<string?> JudgeAsync(EquatableArray<string> texts, CancellationToken stop)
    {
        for (int i = 0; i < texts.Count; i++)
            if (await daemons[i].File.JudgeAsync(texts[i], stop).ConfigureAwait(false) is { } refusal) return refusal;
        return null;
    }

    /// <summary>As they were, up to the one that refused.</summary>
    private async Task<string> PutBackAsync(string?[] before, int last, string refusal, CancellationToken stop)
    {
        for (int i = 0; i <= last; i++) await daemons[i].File.PutBackAsync(before[i], stop).ConfigureAwait(false);
        return refusal;
    }

    private void Discard()
    {
        foreach (BirdDaemon daemon in daemons) daemon.File.Discard();
    }
}
