using System.Text;
using Canal.Linux.Netlink;
using static Canal.Linux.Netlink.NetlinkConstants;
using static Canal.Linux.Nftables.NftConstants;

namespace Canal.Linux.Nftables;

/// <summary>
/// Tells when another program changes the tables of the namespace. The kernel sends one event an object and then the new generation with the name of who
/// did it; events of our own commits are dropped in the kernel by a socket filter on their port, so that a large commit does not overrun the monitor that
/// we keep for others. One reader at a time.
/// </summary>
public sealed class NftMonitor : IDisposable
{
    private const int ReceiveLength = 256 * 1024;

    /// <summary>
    /// A charge limit, not memory: an event is charged about a kilobyte while it is queued. Room for some ten thousand rules that another program loads
    /// at once; beyond it the event is Overrun, which costs a read.
    /// </summary>
    private const int ReceiveBuffer = 16 << 20;

    private readonly NetlinkSocket socket;
    private readonly (byte Family, byte[] Name)[] tables;
    private readonly byte[] received = new byte[ReceiveLength];
    private readonly Queue<NftEvent> ready = [];
    private bool touched;

    private NftMonitor(NetlinkSocket socket, IEnumerable<(byte Family, string Name)> tables)
    {
        this.socket = socket;
        this.tables = [.. tables.Select(table => (table.Family, Encoding.UTF8.GetBytes(table.Name + '\0')))];
    }

    /// <summary>
    /// A monitor of a table of the calling thread's network namespace, which hears nothing before <see cref="Listen"/>; what is changed through a port (<see cref="NetlinkNftables.PortId"/>) is ours.
    /// </summary>
    /// <exception cref="NetlinkException">The kernel refused.</exception>
    public static NftMonitor Open(string table, uint ownPort)
    {
        NftMonitor monitor = Open([(NFPROTO_INET, table)]);
        monitor.socket.IgnoreSender(ownPort);
        return monitor;
    }

    /// <summary>
    /// The same of the tables in which the nft flavour of iptables and ip6tables has its rules. Nobody is ignored: those programs are run by us and by others.
    /// </summary>
    /// <exception cref="NetlinkException">The kernel refused.</exception>
    public static NftMonitor OpenIptables() =>
        Open(from family in (byte[])[NFPROTO_IPV4, NFPROTO_IPV6] from table in (string[])["raw", "mangle", "nat", "filter"] select (family, table));

    private static NftMonitor Open(IEnumerable<(byte Family, string Name)> tables)
    {
        NetlinkSocket socket = NetlinkSocket.Open(NETLINK_NETFILTER);
        socket.SetReceiveBuffer(ReceiveBuffer);
        return new NftMonitor(socket, tables);
    }

    public void Dispose() => socket.Dispose();

    /// <summary>
    /// Begins to hear. While anyone listens the kernel builds an event for every object of every commit before our filter drops it: a fifth of the time of a
    /// first commit of a hundred thousand elements, so listen after it.
    /// </summary>
    /// <exception cref="NetlinkException">The kernel refused.</exception>
    public void Listen() => socket.Join(NFNLGRP_NFTABLES);

    /// <summary>Waits for the next foreign change.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async ValueTask<NftEvent> NextAsync(CancellationToken stop)
    {
        NftEvent next;
        while (!ready.TryDequeue(out next))
        {
            int length;
            try
            {
                length = await socket.ReceiveAsync(received, stop).ConfigureAwait(false);
            }
            catch (NetlinkException e) when (e.Errno == Errno.ENOBUFS)
            {
                touched = false;
                return new NftEvent(NftEventKind.Overrun);
            }
            Read(received.AsSpan(0, length));
        }
        return next;
    }

    /// <summary>Every object names its table in its first attribute; the generation closes the commit.</summary>
    private void Read(ReadOnlySpan<byte> datagram)
    {
        NetlinkReader reader = new(datagram);
        while (reader.Next())
        {
            if (reader.Current.Type >> 8 != NFNL_SUBSYS_NFTABLES) continue;
            NetlinkAttributes attributes = reader.Current.Attributes(4);
            if ((reader.Current.Type & 0xff) == NFT_MSG_NEWGEN) Finish(attributes);
            else touched |= IsWatched(reader.Current.Payload[0], attributes.Find(NFTA_TABLE));
        }
    }

    private bool IsWatched(byte family, ReadOnlySpan<byte> name)
    {
        foreach ((byte watched, byte[] table) in tables)
            if (watched == family && name.SequenceEqual(table)) return true;
        return false;
    }

    private void Finish(NetlinkAttributes generation)
    {
        ready.Enqueue(new NftEvent(
            touched ? NftEventKind.TableChanged : NftEventKind.OtherTableChanged,
            NftMessageReading.UInt32(generation.Find(NFTA_GEN_ID), 0),
            NftMessageReading.UInt32(generation.Find(NFTA_GEN_PROC_PID), 0),
            NftMessageReading.Text(generation.Find(NFTA_GEN_PROC_NAME))));
        touched = false;
    }
}
