namespace Canal.Core.Resources;

/// <summary>Matches the endpoints of a service. etcd never holds services, so it matches nothing there.</summary>
public sealed record ServiceMatch(string Name, string Namespace);
