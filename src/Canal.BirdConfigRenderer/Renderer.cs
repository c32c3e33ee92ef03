using Canal.BirdConfigRenderer.Bird;
using Canal.BirdConfigRenderer.Configuration;
using Canal.BirdConfigRenderer.Feed;
using Canal.BirdConfigRenderer.Files;
using Canal.Core;
using Canal.Core.Bgp;
using Canal.Core.Calculation;
using Serilog;
using HostingConfiguration = Canal.Hosting.Configuration;

namespace Canal.BirdConfigRenderer;

/// <summary>From resources and files to BIRD's file: what is wanted, what is in force, what stands in the way.</summary>
internal sealed class Renderer(BgpFeed feed, BirdFiles files, ILogger log)
{
    private readonly SnippetChoice choice = new(files, log);
    private HashSet<CalculationProblem> toldProblems = [];
    private HashSet<string> toldFailures = [];
    private EquatableArray<BirdSnippet> accepted;
    private List<WorkloadPeer> workloads = [];
    private BirdConfiguration? rendered;
    private bool adopted;

    /// <summary>BIRD's files as they are, also before anything was rendered; null when there is none.</summary>
    public EquatableArray<string>? InForce { get; private set; }

    /// <summary>Reads what an earlier run left, once.</summary>
    /// <exception cref="IOException">There is a file that cannot be read; or <see cref="UnauthorizedAccessException"/>.</exception>
    public void Adopt()
    {
        if (adopted) return;
        InForce = files.Read();
        accepted = BirdSnippet.ReadBack(string.Concat(InForce ?? []));
        adopted = true;
    }

    /// <summary>The configuration that was last put in force; before the first, nothing.</summary>
    public BirdConfiguration? Configuration { get; private set; }

    /// <summary>Why BIRD refused the newest; null when it did not.</summary>
    public string? Refusal { get; private set; }

    /// <summary>Snippets that are not used as they are, and why.</summary>
    public IEnumerable<string> WrongSnippets => choice.Wrong;

    /// <summary>Why files of this host are not used.</summary>
    public IReadOnlyCollection<string> Failures => toldFailures;

    /// <summary>What in the cluster's data is not as it should be.</summary>
    public IReadOnlyCollection<CalculationProblem> Problems => toldProblems;

    /// <summary>How often BIRD was given a new file.</summary>
    public int Applications { get; private set; }

    /// <summary>How often BIRD refused one.</summary>
    public int Refusals { get; private set; }

    public IReadOnlyDictionary<string, BgpSession> Sessions { get; private set; } = new Dictionary<string, BgpSession>();

    /// <summary>Computes, compares, and puts in force what differs. Deterministic: the same inputs again do nothing.</summary>
    /// <exception cref="IOException">A file cannot be read or written.</exception>
    public async Task RenderAsync(HostingConfiguration settings, LocalFiles local, CancellationToken stop)
    {
        BgpInputs inputs = feed.Inputs();
        List<string> failures = [];
        inputs = inputs with
        {
            Passwords = local.Passwords(inputs.Secrets(), failures),
            WorkloadPeers = workloads = local.WorkloadPeers(workloads, failures),
            Choices = RendererSettings.Choices(settings),
        };
        BirdPlan plan = files.Fit(BirdPlanner.Plan(inputs), inputs);
        List<BirdSnippet> snippets = local.Snippets(accepted, failures);
        Tell(plan, failures);
        rendered = plan.Configuration;
        await PutAsync(snippets, stop).ConfigureAwait(false);
    }

    private async Task PutAsync(List<BirdSnippet> snippets, CancellationToken stop)
    {
        string? refusal = await TryAsync(snippets, stop).ConfigureAwait(false);
        if (refusal is null) choice.Accept();
        else if (snippets.Count > 0 && await choice.ChooseAsync(snippets, accepted, Write, stop).ConfigureAwait(false) is { } good) refusal = await TryAsync(good, stop).ConfigureAwait(false);
        if (refusal is not null) Refuse(refusal);
    }

    private EquatableArray<string> Write(IEnumerable<BirdSnippet> snippets) => files.Write(rendered!, snippets);

    /// <summary>Null when the configuration with these snippets is in force.</summary>
    private async Task<string?> TryAsync(List<BirdSnippet> snippets, CancellationToken stop)
    {
        EquatableArray<string> texts = Write(snippets);
        bool same = texts == InForce;
        if (!same && await files.PutAsync(texts, stop).ConfigureAwait(false) is { } refusal) return refusal;
        accepted = snippets.ToEquatableArray();
        if (!same) Applications++;
        Accept(texts, silently: same && (Configuration is not null || Refusal is null));
        return null;
    }

    private void Refuse(string refusal)
    {
        Refusals++;
        if (Refusal != refusal) Log.Refusal(log, refusal);
        Refusal = refusal;
    }

    private void Accept(EquatableArray<string> texts, bool silently)
    {
        PlanDifference difference = PlanDifference.Of(Configuration, rendered!);
        InForce = texts;
        Refusal = null;
        Configuration = rendered;
        Sessions = rendered!.Sessions.ToDictionary(s => s.Name, StringComparer.Ordinal);
        if (!silently) Log.Configuration(log, feed.Revision, rendered.Sessions.Count, difference.Added, difference.Removed, difference.Changed);
    }

    /// <summary>Each problem once, when it appears.</summary>
    private void Tell(BirdPlan plan, List<string> failures)
    {
        foreach (CalculationProblem problem in plan.Problems)
            if (!toldProblems.Contains(problem)) Log.Problem(log, problem);
        foreach (string failure in failures)
            if (!toldFailures.Contains(failure)) Log.Files(log, failure);
        toldProblems = [.. plan.Problems];
        toldFailures = [.. failures];
    }
}
