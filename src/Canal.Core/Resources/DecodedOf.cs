namespace Canal.Core.Resources;

/// <summary>The outcome of reading one stored value that is not a resource.</summary>
/// <param name="Value">Null when the value cannot be used.</param>
/// <param name="Problems">What was wrong.</param>
public readonly record struct Decoded<T>(T? Value, EquatableArray<Problem> Problems) where T : class;
