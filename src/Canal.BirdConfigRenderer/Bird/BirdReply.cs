using System.Collections.Immutable;

namespace Canal.BirdConfigRenderer.Bird;

/// <summary>A whole answer of BIRD.</summary>
internal sealed record BirdReply(ImmutableArray<BirdLine> Lines)
{
    /// <summary>8xxx is a failure at run time, 9xxx a command that was not understood.</summary>
    public BirdLine? Error => Lines.FirstOrDefault(l => l.Code >= 8000) is { Code: > 0 } line ? line : null;

    public bool Has(int code) => Lines.Any(l => l.Code == code);

    /// <summary>The texts with a code.</summary>
    public IEnumerable<string> Of(int code) => Lines.Where(l => l.Code == code).Select(l => l.Text);

    public override string ToString() => string.Join('\n', Lines.Select(l => l.Text));
}
