namespace Canal.FlannelBridge.Charon;

/// <summary>charon answers that it does not do what it was asked for.</summary>
internal sealed class ViciRefusal(string message) : ViciException(message);
