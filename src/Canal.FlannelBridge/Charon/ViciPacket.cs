namespace Canal.FlannelBridge.Charon;

/// <summary>What a packet of charon's control protocol is. The numbers are the protocol's.</summary>
internal enum ViciPacket : byte
{
    Request = 0,
    Response = 1,
    UnknownCommand = 2,
    Register = 3,
    Unregister = 4,
    Confirmed = 5,
    UnknownEvent = 6,
    Event = 7,
}
