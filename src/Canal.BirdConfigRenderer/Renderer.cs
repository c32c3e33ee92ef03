using Canal.BirdConfigRenderer.Bird;
using Canal.BirdConfigRenderer.Configuration;
using Canal.BirdConfigRenderer.Feed;
using Canal.BirdConfigRenderer.Files;
using Canal.Core.Bgp;
using Canal.Core.Calculation;
using Serilog;
using HostingConfiguration = Canal.Hosting.Configuration;

namespace Canal.BirdConfigRenderer;

/// <summary>From resources and files to BIRD's file: what is wanted, what is in force, what stands in the way.</summary>
internal sealed class Renderer(BgpFeed feed, BirdFile file, ILogger log)
{
    private HashSet<CalculationProblem> toldProblems = [];
    private HashSet<string> toldFailures = [];
    private string? inForce = file.Read();
    private BirdConfiguration? rendered;

    /// <summary>The configuration that was last put in force; before the first, nothing.</summary>
    public BirdConfiguration? Configuration { get; private set; }

    /// <summary>Why BIRD refused the newest; null when it did not.</summary>
    public string? Refusal { get; private set; }

    /// <summary>What in the cluster's data is not as it should be.</summary>
    public IReadOnlyCollection<CalculationProblem> Problems => toldProblems;

    /// <summary>How often BIRD was given a new file.</summary>
    public int Applications { get; private set; }

    /// <summary>How often BIRD refused one.</summary>
    public int Refusals { get; private set; }

    public IReadOnlyDictionary<string, BgpSession> Sessions { get; private set; } = new Dictionary<string, BgpSession>();

    /// <summary>Computes, compares, and puts in force what differs. Deterministic: the same inputs again do nothing.</summary>
    /// <exception cref="IOException">A file cannot be read or written.</exception>
    public async Task RenderAsync(HostingConfiguration settings, LocalFiles files, CancellationToken stop)
    {
        BgpInputs inputs = feed.Inputs();
        List<string> failures = [];
        BirdPlan plan = BirdPlanner.Plan(inputs with
        {
            Passwords = files.Passwords(inputs.Secrets(), failures),
            WorkloadPeers = files.WorkloadPeers(),
            Choices = RendererSettings.Choices(settings),
        });
        Tell(plan, failures);
        rendered = plan.Configuration;
        await PutAsync(BirdWriter.Write(rendered, files.Snippets()), stop).ConfigureAwait(false);
    }

    private async Task PutAsync(string text, CancellationToken stop)
    {
        if (text == inForce)
        {
            Accept(text, silently: Configuration is not null || Refusal is null);
            return;
        }
        ApplyOutcome outcome = await file.PutAsync(text, stop).ConfigureAwait(false);
        if (outcome.Refusal is null)
        {
            Applications++;
            Accept(text, silently: false);
            return;
        }
        Refusals++;
        if (Refusal != outcome.Refusal) Log.Refusal(log, outcome.Refusal);
        Refusal = outcome.Refusal;
    }

    private void Accept(string text, bool silently)
    {
        PlanDifference difference = PlanDifference.Of(Configuration, rendered!);
        inForce = text;
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
