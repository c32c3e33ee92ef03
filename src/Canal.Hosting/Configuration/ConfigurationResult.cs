using System.Collections.Immutable;

namespace Canal.Hosting;

/// <summary>Either a configuration, or every error that was found, in the order of the sources; never a part of a configuration.</summary>
public sealed record ConfigurationResult(Configuration? Configuration, ImmutableArray<ConfigurationError> Errors)
{
    /// <summary>The errors, one a line, each ended by a line feed; empty when there are none.</summary>
    public string ErrorText() => string.Concat(Errors.Select(error => $"{error}\n"));
}
