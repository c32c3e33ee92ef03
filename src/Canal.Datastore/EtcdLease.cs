namespace Canal.Datastore;

/// <summary>A lease as etcd granted it; keys put with it are deleted when it expires.</summary>
/// <param name="Id">etcd's name for it.</param>
/// <param name="Ttl">Time it lives after the grant and after each keep-alive; etcd may have raised what was asked for.</param>
public readonly record struct EtcdLease(long Id, TimeSpan Ttl);
