namespace Canal.FlannelBridge.Leases;

/// <summary>There is no lease to be had now; the message says why.</summary>
internal sealed class LeaseException(string message) : Exception(message);
