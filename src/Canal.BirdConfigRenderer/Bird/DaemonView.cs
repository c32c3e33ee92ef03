using Canal.Core.Bgp;

namespace Canal.BirdConfigRenderer.Bird;

/// <summary>One BIRD process as last seen.</summary>
/// <param name="Dialect">Which it is.</param>
/// <param name="View">Null when it does not answer.</param>
/// <param name="Silence">Why it does not.</param>
internal sealed record DaemonView(BirdDialect Dialect, BirdView? View, string Silence);
