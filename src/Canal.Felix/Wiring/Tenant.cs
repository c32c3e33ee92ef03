using Canal.Core.Resources;

namespace Canal.Felix.Wiring;

/// <summary>Who has an address: an endpoint on an interface. The same endpoint on another interface is another tenant.</summary>
internal readonly record struct Tenant(ResourceKey Endpoint, string InterfaceName);
