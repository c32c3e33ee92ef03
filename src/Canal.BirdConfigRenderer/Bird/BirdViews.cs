using Canal.Core;
using Canal.Core.Addressing;

namespace Canal.BirdConfigRenderer.Bird;

/// <summary>All BIRD processes of this host as last seen.</summary>
internal sealed record BirdViews(EquatableArray<DaemonView> Daemons)
{
    public bool AllAnswer => Daemons.All(d => d.View is not null);

    /// <summary>The process that serves a family; null when it does not answer.</summary>
    public BirdView? Of(IpFamily family) => Daemons.First(d => d.Dialect.Families.Contains(family)).View;

    /// <summary>A session by name; null when no process has it.</summary>
    public SessionState? Session(string name) => Daemons.Select(d => d.View?.Sessions.GetValueOrDefault(name)).FirstOrDefault(s => s is not null);
}
