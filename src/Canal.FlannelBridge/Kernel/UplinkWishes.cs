using Canal.Core;
using Canal.Core.Addressing;

namespace Canal.FlannelBridge.Kernel;

/// <summary>What the operator says about the interface that other hosts are reached over.</summary>
/// <param name="Interfaces">Names or addresses.</param>
/// <param name="Patterns">Regular expressions for addresses or names.</param>
/// <param name="CanReach">The kernel's choice for this address.</param>
/// <param name="PublicV4">What other hosts send to; null: the interface's address.</param>
/// <param name="PublicV6">The same for IPv6.</param>
internal sealed record UplinkWishes(EquatableArray<string> Interfaces, EquatableArray<string> Patterns, IpAddress? CanReach, IpAddress? PublicV4, IpAddress? PublicV6);
