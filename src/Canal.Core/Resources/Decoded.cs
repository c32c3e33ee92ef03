namespace Canal.Core.Resources;

/// <summary>The outcome of reading one stored value.</summary>
/// <param name="Resource">Null when the value cannot be used: the resource is then to be treated as absent.</param>
/// <param name="Problems">What was wrong; with a resource these are the parts that were left out.</param>
public readonly record struct Decoded(Resource? Resource, EquatableArray<Problem> Problems);
