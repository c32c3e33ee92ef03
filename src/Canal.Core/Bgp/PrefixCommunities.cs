using Canal.Core.Addressing;

namespace Canal.Core.Bgp;

/// <summary>Communities that routes inside a prefix are told with.</summary>
public sealed record PrefixCommunities(Cidr Prefix, EquatableArray<BgpCommunityValue> Communities);
