namespace Canal.Datastore;

/// <summary>Addresses could not be changed though etcd answered. The message is a sentence for an operator.</summary>
public sealed class IpamException(string message) : Exception(message);
