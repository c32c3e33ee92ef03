namespace Canal.Core.Resources;

/// <summary>Where a password is kept: an entry of a secret. Never the password itself.</summary>
public sealed record SecretKeyRef(string Name, string Key);
