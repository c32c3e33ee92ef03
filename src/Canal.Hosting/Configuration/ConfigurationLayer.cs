using System.Collections.Immutable;

namespace Canal.Hosting;

/// <summary>Values that come as text from a source that is not a file, such as one FelixConfiguration.</summary>
/// <param name="Origin">As <c>--show-config</c> names it: <c>FelixConfiguration node.host-a</c>.</param>
/// <param name="Values">Setting key to text, written as in the environment.</param>
public sealed record ConfigurationLayer(string Origin, ImmutableSortedDictionary<string, string> Values);
