using System.Collections.Immutable;

namespace Canal.Hosting;

/// <summary>
/// A configuration with the datastore's values in it. A value that is wrong is left out, as Calico does, and named in <see cref="Errors"/>: one bad
/// field in a cluster-wide resource must not stop every host. Whoever wants all or nothing keeps the old configuration when there are errors.
/// </summary>
public sealed record LayerResult(Configuration Configuration, ImmutableArray<ConfigurationError> Errors);
