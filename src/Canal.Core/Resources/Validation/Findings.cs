namespace Canal.Core.Resources;

/// <summary>What a validation has found; the first problem of a path counts, so that one fault is told once.</summary>
internal sealed class Findings
{
    private readonly List<Problem> problems = [];
    private readonly HashSet<string> paths = new(StringComparer.Ordinal);

    public EquatableArray<Problem> Problems => problems.ToEquatableArray();

    public void Add(string path, string sentence)
    {
        if (paths.Add(path)) problems.Add(new Problem(path, sentence));
    }
}
