using Canal.Linux.Netlink;
using Canal.Linux.Routing;
using static Canal.Linux.Xfrm.XfrmConstants;

namespace Canal.Linux.Xfrm;

/// <summary>Policies by NETLINK_XFRM, in the network namespace of the thread that first uses it. Needs CAP_NET_ADMIN. Opened when it is first used: not every kernel has IPsec.</summary>
public sealed class NetlinkXfrm : IXfrm, IDisposable
{
    private RtnetlinkConversation? opened;

    private RtnetlinkConversation Conversation => opened ??= new RtnetlinkConversation(NetlinkSocket.Open(NETLINK_XFRM));

    /// <summary>What tells its own changes from others'.</summary>
    public uint PortId => Conversation.PortId;

    public IReadOnlyList<XfrmPolicy> Policies()
    {
        List<XfrmPolicy> policies = [];
        XfrmCodec.WriteList(Conversation.BeginDump(XFRM_MSG_GETPOLICY));
        Conversation.Dump("IPsec policies", policies, XfrmCodec.ReadPolicy);
        return policies;
    }

    public void Set(XfrmPolicy policy)
    {
        XfrmCodec.WritePolicy(Conversation.BeginRequest(XFRM_MSG_UPDPOLICY), policy);
        Conversation.Ask($"set {policy}");
    }

    public void Delete(XfrmPolicy policy)
    {
        XfrmCodec.WritePolicyId(Conversation.BeginRequest(XFRM_MSG_DELPOLICY), policy);
        Ask($"delete {policy}", Errno.ENOENT);
    }

    public bool HasEsp()
    {
        XfrmCodec.WriteProbe(Conversation.BeginRequest(XFRM_MSG_NEWSA));
        try
        {
            Conversation.Ask("try ESP");
        }
        catch (NetlinkException e) when (e.Errno == Errno.EPROTONOSUPPORT)
        {
            return false;
        }
        catch (NetlinkException e) when (e.Errno is Errno.EEXIST or Errno.ENOSYS)
        {
            // Left by one that was killed in between; or of AES-GCM the kernel has nothing, which tells nothing of ESP.
        }
        finally
        {
            Conversation.Wipe();
        }
        XfrmCodec.WriteProbeId(Conversation.BeginRequest(XFRM_MSG_DELSA));
        Ask("take the trial of ESP away", Errno.ESRCH);
        return true;
    }

    private void Ask(string what, int ignored)
    {
        try
        {
            Conversation.Ask(what);
        }
        catch (NetlinkException e) when (e.Errno == ignored)
        {
        }
    }

    public void Dispose() => opened?.Dispose();
}
