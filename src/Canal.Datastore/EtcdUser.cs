namespace Canal.Datastore;

/// <summary>A user of etcd, with the names of its roles.</summary>
public sealed record EtcdUser(string Name, IReadOnlyList<string> Roles);
