namespace Canal.Felix.Nodes;

/// <summary>This host's public keys, in base 64; empty: none.</summary>
internal sealed record WireGuardKeys(string V4, string V6);
