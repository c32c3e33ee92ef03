using Canal.Linux.Netlink;
using static Canal.Linux.Netlink.NetlinkConstants;
using static Canal.Linux.Routing.RtnetlinkConstants;

namespace Canal.Linux.Routing;

/// <summary>
/// Hears what changes in the network namespace of the thread that opened it. Open it before the first listing: an event may then repeat what the
/// listing has, but none is missed. After <see cref="KernelEventKind.Overrun"/> list again; nothing older than that follows it.
/// </summary>
public sealed class LinkMonitor : ILinkMonitor, IDisposable
{
    // One wake-up takes no more datagrams than this, so that a storm does not starve the caller.
    private const int DatagramsPerBatch = 1024;

    private static readonly (KernelEventGroups Group, int Number)[] Groups =
    [
        (KernelEventGroups.Links, RTNLGRP_LINK),
        (KernelEventGroups.V4Addresses, RTNLGRP_IPV4_IFADDR),
        (KernelEventGroups.V6Addresses, RTNLGRP_IPV6_IFADDR),
        (KernelEventGroups.V4Routes, RTNLGRP_IPV4_ROUTE),
        (KernelEventGroups.V6Routes, RTNLGRP_IPV6_ROUTE),
        (KernelEventGroups.Neighbours, RTNLGRP_NEIGH),
        (KernelEventGroups.V4Rules, RTNLGRP_IPV4_RULE),
        (KernelEventGroups.V6Rules, RTNLGRP_IPV6_RULE),
        (KernelEventGroups.Settings, RTNLGRP_IPV4_NETCONF),
        (KernelEventGroups.Settings, RTNLGRP_IPV6_NETCONF),
        (KernelEventGroups.Traffic, RTNLGRP_TC),
    ];

    private readonly NetlinkSocket socket;
    private readonly byte[] received = new byte[64 * 1024];

    private LinkMonitor(NetlinkSocket socket) => this.socket = socket;

    /// <summary>Joins the groups.</summary>
    /// <param name="groups">What to hear.</param>
    /// <param name="receiveBuffer">Bytes the kernel may queue, beyond rmem_max (needs CAP_NET_ADMIN); 0: the system's default, about 250 events.</param>
    /// <exception cref="NetlinkException">The kernel refused.</exception>
    public static LinkMonitor Open(KernelEventGroups groups, int receiveBuffer = 0)
    {
        NetlinkSocket socket = NetlinkSocket.Open(NETLINK_ROUTE);
        try
        {
            if (receiveBuffer > 0) socket.SetReceiveBuffer(receiveBuffer);
            foreach ((KernelEventGroups group, int number) in Groups)
                if ((groups & group) != 0) socket.Join(number);
            return new LinkMonitor(socket);
        }
        catch (NetlinkException)
        {
            socket.Dispose();
            throw;
        }
    }

    /// <inheritdoc />
    public async ValueTask ReceiveAsync(List<KernelEvent> into, CancellationToken stop)
    {
        try
        {
            int length = await socket.ReceiveAsync(received, stop).ConfigureAwait(false);
            for (int datagrams = 0; length > 0 && datagrams < DatagramsPerBatch; datagrams++)
            {
                Read(received.AsSpan(0, length), into);
                length = datagrams + 1 < DatagramsPerBatch ? socket.Receive(received, wait: false) : 0;
            }
        }
        catch (NetlinkException e) when (e.Errno == Errno.ENOBUFS)
        {
            DropQueued();
            into.Add(new KernelEvent(KernelEventKind.Overrun));
        }
    }

    /// <summary>
    /// What is queued is older than what was lost: told after the caller's fresh listing it would undo it with nothing to set it right. The kernel also
    /// queues nothing new before the queue has been empty once.
    /// </summary>
    private void DropQueued()
    {
        while (true)
        {
            try
            {
                if (socket.Receive(received, wait: false) == 0) return;
            }
            catch (NetlinkException e) when (e.Errno == Errno.ENOBUFS)
            {
            }
        }
    }

    private static void Read(ReadOnlySpan<byte> datagram, List<KernelEvent> into)
    {
        NetlinkReader reader = new(datagram);
        while (reader.Next())
            if (Read(reader.Current) is { } heard) into.Add(heard);
        if (reader.IsMalformed) throw new NetlinkException("hear changes: the kernel's message is malformed", EBADMSG);
    }

    /// <summary>The event in one message, or null when it is of no interest.</summary>
    internal static KernelEvent? Read(NetlinkMessage message)
    {
        KernelObject? subject = message.Type switch
        {
            RTM_NEWLINK or RTM_DELLINK => LinkCodec.Read(message),
            RTM_NEWADDR or RTM_DELADDR => AddressCodec.Read(message),
            RTM_NEWROUTE or RTM_DELROUTE => RouteCodec.Read(message),
            RTM_NEWNEIGH or RTM_DELNEIGH => NeighbourCodec.Read(message),
            RTM_NEWRULE or RTM_DELRULE => RuleCodec.Read(message),
            RTM_NEWQDISC or RTM_DELQDISC => TrafficCodec.ReadQdisc(message),
            RTM_NEWTFILTER or RTM_DELTFILTER => TrafficCodec.ReadFilter(message),
            RTM_NEWNETCONF or RTM_DELNETCONF => InterfaceSettings.Read(message),
            _ => null,
        };
        if (subject is null) return null;
        // RTM_NEW* are even multiples of four, RTM_DEL* one more.
        return new KernelEvent((message.Type & 3) == 1 ? KernelEventKind.Removed : KernelEventKind.Changed, subject, message.PortId);
    }

    public void Dispose() => socket.Dispose();
}
