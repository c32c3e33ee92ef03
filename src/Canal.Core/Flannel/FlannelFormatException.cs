namespace Canal.Core.Flannel;

/// <summary>Data of flannel's that others wrote is not what it should be; the message is a sentence that names the field.</summary>
public sealed class FlannelFormatException(string message) : Exception(message);
