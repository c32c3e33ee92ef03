namespace Canal.Core.Resources;

/// <summary>A field kept as it is stored.</summary>
/// <param name="Name">The JSON name.</param>
/// <param name="Json">The value's JSON text, exactly.</param>
public readonly record struct RawField(string Name, string Json);
