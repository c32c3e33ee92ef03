using Canal.Core.Addressing;

namespace Canal.Felix.Flows;

/// <summary>What the loop knows of the connections that somebody asks for.</summary>
/// <param name="Addresses">Of the endpoints that are asked about.</param>
/// <param name="Cut">The bit of marks of connections that are cut; 0 when none is.</param>
internal sealed record FlowPlaces(IReadOnlyCollection<IpAddress> Addresses, uint Cut);
