namespace Canal.Felix.Revocation;

/// <summary>What a look at the connections came to.</summary>
/// <param name="Cut">Connections that are cut from now on.</param>
/// <param name="Restored">Connections that were cut and are allowed again.</param>
internal readonly record struct RevocationCount(int Cut, int Restored);
