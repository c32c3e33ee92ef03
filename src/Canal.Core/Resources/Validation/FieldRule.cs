namespace Canal.Core.Resources;

/// <summary>Looks at one field of an object and notes what is wrong.</summary>
internal delegate void FieldRule(Checked owner, string field);
