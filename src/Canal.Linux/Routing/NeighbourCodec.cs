using System.Buffers.Binary;
using Canal.Core.Addressing;
using Canal.Linux.Netlink;
using static Canal.Linux.Routing.RtnetlinkConstants;

namespace Canal.Linux.Routing;

/// <summary>Neighbours and FDB entries, which share RTM_*NEIGH messages: struct ndmsg and NDA_* (linux/neighbour.h).</summary>
internal static class NeighbourCodec
{
    /// <summary>A <see cref="Neighbour"/> or an <see cref="FdbEntry"/>, or null for another family or an entry without address.</summary>
    internal static KernelObject? Read(NetlinkMessage message)
    {
        ReadOnlySpan<byte> header = message.Payload;
        if (header.Length < NdMsgLength) return null;
        return header[0] == AF_BRIDGE ? ReadFdb(message) : AddressFamily.Read(header[0]) is null ? null : ReadNeighbour(message);
    }

    private static Neighbour? ReadNeighbour(NetlinkMessage message)
    {
        IpAddress? address = null;
        MacAddress? mac = null;
        foreach (NetlinkAttribute attribute in message.Attributes(NdMsgLength))
        {
            if (attribute.Type == NDA_DST) address = attribute.Address;
            else if (attribute.Type == NDA_LLADDR) mac = attribute.Mac;
        }
        if (address is not { } known) return null;
        bool isProxy = (message.Payload[10] & NTF_PROXY) != 0;
        return new Neighbour
        {
            Interface = Interface(message),
            Address = known,
            Mac = mac,
            State = isProxy ? NeighbourState.None : State(message),
            IsProxy = isProxy,
        };
    }

    private static FdbEntry? ReadFdb(NetlinkMessage message)
    {
        MacAddress? mac = null;
        IpAddress? destination = null;
        ushort vlan = 0;
        foreach (NetlinkAttribute attribute in message.Attributes(NdMsgLength))
        {
            if (attribute.Type == NDA_LLADDR) mac = attribute.Mac;
            else if (attribute.Type == NDA_DST) destination = attribute.Address;
            else if (attribute.Type == NDA_VLAN) vlan = attribute.UInt16;
        }
        if (mac is not { } known) return null;
        return new FdbEntry
        {
            Interface = Interface(message),
            Mac = known,
            Destination = destination,
            Vlan = vlan,
            State = State(message),
            Self = (message.Payload[10] & NTF_SELF) != 0,
        };
    }

    private static int Interface(NetlinkMessage message) => BinaryPrimitives.ReadInt32LittleEndian(message.Payload[4..]);

    private static NeighbourState State(NetlinkMessage message) => (NeighbourState)BinaryPrimitives.ReadUInt16LittleEndian(message.Payload[8..]);

    /// <summary>Neighbours of both families; their proxy entries come by a dump of their own.</summary>
    internal static void WriteDump(NetlinkWriter writer, IpFamily family, byte flags)
    {
        Span<byte> header = writer.Header(NdMsgLength);
        header[0] = AddressFamily.Number(family);
        header[10] = flags;
    }

    internal static void WriteFdbDump(NetlinkWriter writer) => writer.Header(NdMsgLength)[0] = AF_BRIDGE;

    internal static void Write(NetlinkWriter writer, uint sequence, ushort type, ushort flags, Neighbour neighbour)
    {
        int message = writer.BeginMessage(type, flags, sequence);
        WriteHeader(writer, AddressFamily.Number(neighbour.Address.Family), neighbour.Interface,
            neighbour.IsProxy ? NeighbourState.Permanent : neighbour.State, neighbour.IsProxy ? NTF_PROXY : (byte)0);
        writer.Address(NDA_DST, neighbour.Address);
        if (neighbour.Mac is { } mac) writer.Mac(NDA_LLADDR, mac);
        writer.EndMessage(message);
    }

    internal static void Write(NetlinkWriter writer, uint sequence, ushort type, ushort flags, FdbEntry entry)
    {
        int message = writer.BeginMessage(type, flags, sequence);
        WriteHeader(writer, AF_BRIDGE, entry.Interface, entry.State, entry.Self ? NTF_SELF : NTF_MASTER);
        writer.Mac(NDA_LLADDR, entry.Mac);
        if (entry.Destination is { } destination) writer.Address(NDA_DST, destination);
        if (entry.Vlan != 0) writer.UInt16(NDA_VLAN, entry.Vlan);
        writer.EndMessage(message);
    }

    private static void WriteHeader(NetlinkWriter writer, byte family, int link, NeighbourState state, byte flags)
    {
        Span<byte> header = writer.Header(NdMsgLength);
        header[0] = family;
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], link);
        BinaryPrimitives.WriteUInt16LittleEndian(header[8..], (ushort)state);
        header[10] = flags;
    }
}
