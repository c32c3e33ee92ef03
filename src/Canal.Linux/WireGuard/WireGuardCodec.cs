using System.Buffers.Binary;
using Canal.Core;
using Canal.Core.Addressing;
using Canal.Core.Overlay;
using Canal.Linux.Netlink;
using Canal.Linux.Routing;
using static Canal.Linux.WireGuard.WireGuardConstants;

namespace Canal.Linux.WireGuard;

/// <summary>Messages of generic netlink, as far as WireGuard needs them: struct genlmsghdr, CTRL_ATTR_*, and WGDEVICE_*, WGPEER_*, WGALLOWEDIP_*.</summary>
internal static class WireGuardCodec
{
    /// <summary>
    /// So many networks in one message: each takes 40 bytes at most, and all peers of a message are one attribute, whose length is 16 bits. A peer counts for
    /// what it takes itself.
    /// </summary>
    private const int MostInMessage = 1000;

    private const int PeerWeight = 4;

    /// <summary>Asks for all families; the request that names one would only be answered differently.</summary>
    internal static void WriteFamilies(NetlinkWriter writer) => WriteHeader(writer, CTRL_CMD_GETFAMILY, 1);

    /// <summary>A family by its name and number.</summary>
    internal static GenericFamily ReadFamily(NetlinkMessage message)
    {
        GenericFamily family = new("", 0);
        foreach (NetlinkAttribute attribute in message.Attributes(GenlHeaderLength))
        {
            if (attribute.Type == CTRL_ATTR_FAMILY_ID) family = family with { Number = attribute.UInt16 };
            else if (attribute.Type == CTRL_ATTR_FAMILY_NAME) family = family with { Name = attribute.String };
        }
        return family;
    }

    /// <summary>Asks for a device.</summary>
    internal static void WriteGet(NetlinkWriter writer, int link)
    {
        WriteHeader(writer, WG_CMD_GET_DEVICE, WG_GENL_VERSION);
        writer.UInt32(WGDEVICE_A_IFINDEX, (uint)link);
    }

    /// <summary>The device, or as much of it as one message has.</summary>
    internal static WireGuardDevice ReadDevice(NetlinkMessage message)
    {
        WireGuardDevice device = new();
        foreach (NetlinkAttribute attribute in message.Attributes(GenlHeaderLength))
        {
            device = attribute.Type switch
            {
                WGDEVICE_A_PUBLIC_KEY when attribute.Payload.Length == WireGuardKey.Length => device with { PublicKey = WireGuardKey.FromBytes(attribute.Payload) },
                WGDEVICE_A_LISTEN_PORT => device with { ListenPort = attribute.UInt16 },
                WGDEVICE_A_FWMARK => device with { Mark = attribute.UInt32 },
                WGDEVICE_A_PEERS => device with { Peers = ReadPeers(attribute.Nested) },
                _ => device,
            };
        }
        return device;
    }

    /// <summary>One device of what several messages have of it: a peer whose networks did not fit goes on at the head of the next message.</summary>
    internal static WireGuardDevice Join(IReadOnlyList<WireGuardDevice> parts)
    {
        List<WireGuardPeer> peers = [];
        foreach (WireGuardPeer peer in parts.SelectMany(part => part.Peers))
        {
            if (peers.Count > 0 && peers[^1].Key == peer.Key) peers[^1] = peers[^1] with { AllowedIps = [.. peers[^1].AllowedIps, .. peer.AllowedIps] };
            else peers.Add(peer);
        }
        return (parts.Count == 0 ? new WireGuardDevice() : parts[0]) with { Peers = peers.ToEquatableArray() };
    }

    private static EquatableArray<WireGuardPeer> ReadPeers(NetlinkAttributes attributes)
    {
        List<WireGuardPeer> peers = [];
        foreach (NetlinkAttribute attribute in attributes) peers.Add(ReadPeer(attribute.Nested));
        return peers.ToEquatableArray();
    }

    private static WireGuardPeer ReadPeer(NetlinkAttributes attributes)
    {
        WireGuardPeer peer = new() { Key = default };
        foreach (NetlinkAttribute attribute in attributes)
        {
            peer = attribute.Type switch
            {
                WGPEER_A_PUBLIC_KEY when attribute.Payload.Length == WireGuardKey.Length => peer with { Key = WireGuardKey.FromBytes(attribute.Payload) },
                WGPEER_A_PRESHARED_KEY when attribute.Payload.Length == WireGuardKey.Length => peer with { PresharedKey = WireGuardSecret.FromBytes(attribute.Payload) },
                WGPEER_A_ENDPOINT => peer with { Endpoint = ReadEndpoint(attribute.Payload) },
                WGPEER_A_PERSISTENT_KEEPALIVE_INTERVAL => peer with { KeepAlive = attribute.UInt16 },
                WGPEER_A_LAST_HANDSHAKE_TIME => peer with { LastHandshake = (long)UInt64(attribute) },
                WGPEER_A_RX_BYTES => peer with { Received = UInt64(attribute) },
                WGPEER_A_TX_BYTES => peer with { Sent = UInt64(attribute) },
                WGPEER_A_ALLOWEDIPS => peer with { AllowedIps = ReadNetworks(attribute.Nested) },
                _ => peer,
            };
        }
        return peer;
    }

    private static ulong UInt64(NetlinkAttribute attribute) => attribute.Payload.Length < 8 ? 0 : BinaryPrimitives.ReadUInt64LittleEndian(attribute.Payload);

    private static WireGuardEndpoint? ReadEndpoint(ReadOnlySpan<byte> address)
    {
        if (address.Length < SockaddrInLength) return null;
        ushort port = BinaryPrimitives.ReadUInt16BigEndian(address[2..]);
        return AddressFamily.Read((byte)BinaryPrimitives.ReadUInt16LittleEndian(address)) switch
        {
            IpFamily.V4 => new WireGuardEndpoint(IpAddress.FromBytes(address.Slice(4, 4)), port),
            IpFamily.V6 when address.Length >= SockaddrIn6Length => new WireGuardEndpoint(IpAddress.FromBytes(address.Slice(8, 16)), port),
            _ => null,
        };
    }

    private static EquatableArray<Cidr> ReadNetworks(NetlinkAttributes attributes)
    {
        List<Cidr> networks = [];
        foreach (NetlinkAttribute attribute in attributes)
        {
            IpAddress? address = null;
            byte length = 0;
            foreach (NetlinkAttribute field in attribute.Nested)
            {
                if (field.Type == WGALLOWEDIP_A_IPADDR) address = field.Address;
                else if (field.Type == WGALLOWEDIP_A_CIDR_MASK) length = field.Byte;
            }
            if (address is { } known && length <= known.Family.Bits) networks.Add(new Cidr(known, length));
        }
        return networks.ToEquatableArray();
    }

    /// <summary>The change as several that fit a message each, to be made in this order.</summary>
    internal static List<WireGuardChange> Split(WireGuardChange change)
    {
        List<WireGuardChange> messages = [];
        List<WireGuardPeerChange> peers = [];
        int weight = 0;
        foreach (WireGuardPeerChange piece in change.Peers.SelectMany(Pieces))
        {
            int more = PeerWeight + piece.AllowedIps.Count;
            if (peers.Count > 0 && weight + more > MostInMessage) Close();
            peers.Add(piece);
            weight += more;
        }
        if (peers.Count > 0 || messages.Count == 0) Close();
        return messages;

        void Close()
        {
            WireGuardChange head = messages.Count == 0 ? change : new WireGuardChange { Interface = change.Interface };
            messages.Add(head with { Peers = peers.ToEquatableArray() });
            peers.Clear();
            weight = 0;
        }
    }

    private static IEnumerable<WireGuardPeerChange> Pieces(WireGuardPeerChange peer)
    {
        int room = MostInMessage - PeerWeight;
        if (peer.AllowedIps.Count <= room) return [peer];
        return peer.AllowedIps.Chunk(room).Select((networks, i) => (i == 0 ? peer : new WireGuardPeerChange(peer.Key)) with { AllowedIps = networks.ToEquatableArray() });
    }

    /// <summary>A change that fits a message.</summary>
    internal static void WriteSet(NetlinkWriter writer, WireGuardChange change)
    {
        WriteHeader(writer, WG_CMD_SET_DEVICE, WG_GENL_VERSION);
        writer.UInt32(WGDEVICE_A_IFINDEX, (uint)change.Interface);
        if (change.PrivateKey is { } key) writer.Bytes(WGDEVICE_A_PRIVATE_KEY, key.Span);
        if (change.ListenPort is { } port) writer.UInt16(WGDEVICE_A_LISTEN_PORT, port);
        if (change.Mark is { } mark) writer.UInt32(WGDEVICE_A_FWMARK, mark);
        if (change.Peers.IsEmpty) return;
        int peers = writer.BeginNested(WGDEVICE_A_PEERS);
        foreach (WireGuardPeerChange peer in change.Peers) WritePeer(writer, peer);
        writer.EndNested(peers);
    }

    private static void WritePeer(NetlinkWriter writer, WireGuardPeerChange peer)
    {
        int nest = writer.BeginNested(0);
        peer.Key.WriteBytes(writer.Attribute(WGPEER_A_PUBLIC_KEY, WireGuardKey.Length));
        uint flags = peer.Remove ? WGPEER_F_REMOVE_ME : peer.ReplaceAllowedIps ? WGPEER_F_REPLACE_ALLOWEDIPS : 0;
        if (flags != 0) writer.UInt32(WGPEER_A_FLAGS, flags);
        if (!peer.Remove) WriteSettings(writer, peer);
        writer.EndNested(nest);
    }

    private static void WriteSettings(NetlinkWriter writer, WireGuardPeerChange peer)
    {
        peer.PresharedKey?.WriteBytes(writer.Attribute(WGPEER_A_PRESHARED_KEY, WireGuardKey.Length));
        if (peer.Endpoint is { } endpoint) WriteEndpoint(writer, endpoint);
        if (peer.KeepAlive is { } seconds) writer.UInt16(WGPEER_A_PERSISTENT_KEEPALIVE_INTERVAL, seconds);
        if (peer.AllowedIps.IsEmpty) return;
        int networks = writer.BeginNested(WGPEER_A_ALLOWEDIPS);
        foreach (Cidr network in peer.AllowedIps)
        {
            int nest = writer.BeginNested(0);
            writer.UInt16(WGALLOWEDIP_A_FAMILY, AddressFamily.Number(network.Family));
            writer.Address(WGALLOWEDIP_A_IPADDR, network.Address);
            writer.Byte(WGALLOWEDIP_A_CIDR_MASK, network.Length);
            writer.EndNested(nest);
        }
        writer.EndNested(networks);
    }

    private static void WriteEndpoint(NetlinkWriter writer, WireGuardEndpoint endpoint)
    {
        bool v4 = endpoint.Address.Family == IpFamily.V4;
        Span<byte> address = writer.Attribute(WGPEER_A_ENDPOINT, v4 ? SockaddrInLength : SockaddrIn6Length);
        BinaryPrimitives.WriteUInt16LittleEndian(address, AddressFamily.Number(endpoint.Address.Family));
        BinaryPrimitives.WriteUInt16BigEndian(address[2..], endpoint.Port);
        endpoint.Address.WriteBytes(address[(v4 ? 4 : 8)..]);
    }

    private static void WriteHeader(NetlinkWriter writer, byte command, byte version)
    {
        Span<byte> header = writer.Header(GenlHeaderLength);
        (header[0], header[1]) = (command, version);
    }
}
