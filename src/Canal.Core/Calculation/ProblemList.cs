using Canal.Core.Resources;

namespace Canal.Core.Calculation;

/// <summary>
/// What is wrong with resources, each thing told once: the same resource given again, or looked at again because an endpoint came to match it, is no news.
/// </summary>
internal sealed class ProblemList
{
    private readonly Dictionary<(ResourceKey Key, Part Part), string> standing = [];
    private List<CalculationProblem> news = [];

    /// <summary>What a resource has two independent verdicts on.</summary>
    internal enum Part
    {
        /// <summary>The resource itself: its name, its own selector.</summary>
        Head,

        /// <summary>Its rules, which are looked at only when it is used.</summary>
        Rules,
    }

    /// <summary>Says what is wrong now; null when nothing is, or the resource is gone.</summary>
    public void Set(ResourceKey key, Part part, string? reason, bool inPart = false)
    {
        if (reason is null)
        {
            if (standing.Count > 0) standing.Remove((key, part));
            return;
        }
        if (standing.GetValueOrDefault((key, part)) == reason) return;
        standing[(key, part)] = reason;
        news.Add(new CalculationProblem(key, reason) { InPart = inPart });
    }

    /// <summary>What is new since the last call.</summary>
    public List<CalculationProblem> Take()
    {
        List<CalculationProblem> taken = news;
        news = [];
        return taken;
    }
}
