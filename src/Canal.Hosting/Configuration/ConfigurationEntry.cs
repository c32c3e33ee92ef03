namespace Canal.Hosting;

/// <summary>One line of <c>--show-config</c>.</summary>
/// <param name="Text">The value, or <c>(hidden)</c> for a secret.</param>
public sealed record ConfigurationEntry(string Key, string Text, ConfigurationOrigin Origin, string Doc);
