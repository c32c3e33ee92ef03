namespace Canal.Hosting;

/// <summary>A condition over several settings, asked once each of them is right by itself.</summary>
/// <param name="Setting">The one whose place the error names.</param>
/// <param name="Check">Returns what is wrong as the end of a sentence that begins with the key, or null.</param>
public sealed record ConfigurationRule(Setting Setting, Func<Configuration, string?> Check);
