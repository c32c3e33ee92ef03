namespace Canal.Hosting;

/// <summary>A command-line flag that sets a key; the strongest source.</summary>
/// <param name="Name">As typed: <c>--log-level</c>.</param>
/// <param name="Key">The setting's key.</param>
/// <param name="Text">Written as in the environment.</param>
public sealed record ConfigurationFlag(string Name, string Key, string Text);
