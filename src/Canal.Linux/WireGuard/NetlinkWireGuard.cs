using Canal.Linux.Netlink;
using Canal.Linux.Routing;
using static Canal.Linux.Netlink.NetlinkConstants;
using static Canal.Linux.WireGuard.WireGuardConstants;

namespace Canal.Linux.WireGuard;

/// <summary>WireGuard by generic netlink, in the network namespace of the thread that opened it. Needs CAP_NET_ADMIN, and a device: making one loads the kernel's module.</summary>
public sealed class NetlinkWireGuard : IWireGuard, IDisposable
{
    private readonly RtnetlinkConversation conversation;
    private ushort family;

    private NetlinkWireGuard(RtnetlinkConversation conversation) => this.conversation = conversation;

    /// <exception cref="NetlinkException">The kernel refused the socket.</exception>
    public static NetlinkWireGuard Open() => new(new RtnetlinkConversation(NetlinkSocket.Open(NETLINK_GENERIC)));

    public WireGuardDevice Read(int link)
    {
        FindFamily();
        List<WireGuardDevice> parts = [];
        WireGuardCodec.WriteGet(conversation.BeginDump(family), link);
        Do(() => conversation.Dump($"the WireGuard device of link {link}", parts, WireGuardCodec.ReadDevice));
        // The kernel tells the private key too.
        conversation.Wipe();
        return WireGuardCodec.Join(parts);
    }

    public void Change(WireGuardChange change)
    {
        FindFamily();
        foreach (WireGuardChange part in WireGuardCodec.Split(change))
        {
            WireGuardCodec.WriteSet(conversation.BeginRequest(family), part);
            Do(() => conversation.Ask($"change the WireGuard device of link {change.Interface}"));
        }
        // It may hold a private key.
        conversation.Wipe();
    }

    /// <summary>The number of the family is another when the module was loaded again.</summary>
    private void Do(Action request)
    {
        try
        {
            request();
        }
        catch (NetlinkException)
        {
            family = 0;
            conversation.Wipe();
            throw;
        }
    }

    private void FindFamily()
    {
        if (family != 0) return;
        List<GenericFamily> found = [];
        WireGuardCodec.WriteFamilies(conversation.BeginDump(GENL_ID_CTRL));
        conversation.Dump("families of generic netlink", found, WireGuardCodec.ReadFamily);
        family = found.Find(f => f.Name == WG_GENL_NAME)?.Number ?? throw new NetlinkException("this kernel has no WireGuard", Errno.ENOENT);
    }

    public void Dispose() => conversation.Dispose();
}
