using Canal.Core;
using Canal.Core.Addressing;
using Canal.Linux.Nftables;

namespace Canal.Felix.Dataplane.Nftables;

/// <summary>The kernel set of a rule's own list of prefixes, and its members, none covering another.</summary>
internal sealed record NetsSet(NftSet Set, EquatableArray<Cidr> Members);
