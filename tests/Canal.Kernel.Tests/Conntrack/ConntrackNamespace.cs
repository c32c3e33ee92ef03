using System.Buffers.Binary;
using Canal.Core.Addressing;
using Canal.Linux.Conntrack;
using Canal.Linux.Namespaces;
using Canal.Linux.Netlink;
using Canal.Linux.Routing;
using Canal.Testing.Conntrack;
using static Canal.Linux.Conntrack.ConntrackConstants;
using static Canal.Linux.Netlink.NetlinkConstants;

namespace Canal.Kernel.Tests.Conntrack;

/// <summary>A fresh network namespace whose connections the test writes itself (IPCTNL_MSG_CT_NEW) and lists.</summary>
internal sealed class ConntrackNamespace : IDisposable
{
    private const ushort CTA_TIMEOUT = 7, CTA_TUPLE_PROTO = 2, CTA_PROTO_NUM = 1, CTA_PROTO_SRC_PORT = 2, CTA_PROTO_DST_PORT = 3;
    private const byte UDP = 17;

    private readonly NetlinkSocket socket;
    private readonly NetlinkBuffer request = new();
    private readonly byte[] received = new byte[64 * 1024];
    private uint sequence;

    private ConntrackNamespace(NetlinkConntrack conntrack, NetlinkSocket socket) => (Conntrack, this.socket) = (conntrack, socket);

    internal NetlinkConntrack Conntrack { get; }

    internal static ConntrackNamespace Open() =>
        NetworkNamespace.RunInNew(() => new ConntrackNamespace(NetlinkConntrack.Open(), NetlinkSocket.Open(NETLINK_NETFILTER)));

    internal void Track(FakeConnection connection)
    {
        request.Clear();
        NetlinkWriter writer = new(request);
        int message = writer.BeginMessage(IPCTNL_MSG_CT_NEW, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, ++sequence);
        writer.Header(NfGenMsgLength)[0] = AddressFamily.Number(connection.From.Family);
        WriteTuple(writer, CTA_TUPLE_ORIG, connection.From, connection.FromPort, connection.To, connection.ToPort);
        WriteTuple(writer, CTA_TUPLE_REPLY, connection.Answers, connection.ToPort, connection.From, connection.FromPort);
        writer.UInt32BigEndian(CTA_TIMEOUT, 600);
        writer.EndMessage(message);
        socket.Send(request.Written);
        NetlinkReader reader = new(received.AsSpan(0, socket.Receive(received, wait: true)));
        NetlinkError answer = default;
        Assert.True(reader.Next() && NetlinkError.TryRead(reader.Current, out answer) && answer.Errno == 0, $"the kernel does not take {connection}: {answer.Errno} {answer.Message}");
    }

    private static void WriteTuple(NetlinkWriter writer, ushort type, IpAddress source, ushort sourcePort, IpAddress destination, ushort destinationPort)
    {
        int tuple = writer.BeginNested(type);
        int ip = writer.BeginNested(CTA_TUPLE_IP);
        ushort attribute = source.Family == IpFamily.V4 ? CTA_IP_V4_SRC : CTA_IP_V6_SRC;
        writer.Address(attribute, source);
        writer.Address((ushort)(attribute + 1), destination);
        writer.EndNested(ip);
        int protocol = writer.BeginNested(CTA_TUPLE_PROTO);
        writer.Byte(CTA_PROTO_NUM, UDP);
        writer.UInt16BigEndian(CTA_PROTO_SRC_PORT, sourcePort);
        writer.UInt16BigEndian(CTA_PROTO_DST_PORT, destinationPort);
        writer.EndNested(protocol);
        writer.EndNested(tuple);
    }

    /// <summary>The connections that the kernel tracks, as <see cref="FakeConnection"/> prints them, sorted.</summary>
    internal List<string> Connections()
    {
        List<string> connections = [];
        foreach (IpFamily family in new[] { IpFamily.V4, IpFamily.V6 }) List(family, connections);
        connections.Sort(StringComparer.Ordinal);
        return connections;
    }

    private void List(IpFamily family, List<string> into)
    {
        request.Clear();
        ConntrackCodec.WriteDump(new NetlinkWriter(request), ++sequence, family, null, CTA_TUPLE_ORIG);
        socket.Send(request.Written);
        while (true)
        {
            NetlinkReader reader = new(received.AsSpan(0, socket.Receive(received, wait: true)));
            while (reader.Next())
            {
                if (reader.Current.Type == NLMSG_DONE) return;
                into.Add(Print(reader.Current));
            }
        }
    }

    private static string Print(NetlinkMessage message)
    {
        NetlinkAttributes tuple = new(message.Attributes(NfGenMsgLength).Find(CTA_TUPLE_ORIG));
        NetlinkAttributes ip = new(tuple.Find(CTA_TUPLE_IP)), protocol = new(tuple.Find(CTA_TUPLE_PROTO));
        bool isV4 = !ip.Find(CTA_IP_V4_SRC).IsEmpty;
        IpAddress destination = IpAddress.FromBytes(ip.Find((ushort)((isV4 ? CTA_IP_V4_SRC : CTA_IP_V6_SRC) + 1)));
        ushort from = BinaryPrimitives.ReadUInt16BigEndian(protocol.Find(CTA_PROTO_SRC_PORT)), to = BinaryPrimitives.ReadUInt16BigEndian(protocol.Find(CTA_PROTO_DST_PORT));
        return new FakeConnection(ConntrackCodec.Source(message, CTA_TUPLE_ORIG)!.Value, from, destination, to, ConntrackCodec.Source(message, CTA_TUPLE_REPLY)).ToString();
    }

    public void Dispose()
    {
        Conntrack.Dispose();
        socket.Dispose();
    }
}
