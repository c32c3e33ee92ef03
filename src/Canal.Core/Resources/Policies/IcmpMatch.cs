namespace Canal.Core.Resources;

/// <summary>ICMP or ICMPv6 type and code; null matches any.</summary>
public sealed record IcmpMatch(byte? Type, byte? Code);
