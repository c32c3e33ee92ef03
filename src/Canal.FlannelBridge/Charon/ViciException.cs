namespace Canal.FlannelBridge.Charon;

/// <summary>charon does not answer, or not as the protocol wants it.</summary>
internal class ViciException(string message) : IOException(message);
