namespace Canal.FlannelBridge.Kernel;

/// <summary>No interface is what it should be; the message says which is missing what. It may come later.</summary>
internal sealed class UplinkException(string message) : Exception(message);
