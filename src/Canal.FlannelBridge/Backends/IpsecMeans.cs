using Canal.Core.Addressing;
using Canal.FlannelBridge.Charon;
using Canal.Linux;
using Canal.Linux.Netlink;
using Canal.Linux.Xfrm;

namespace Canal.FlannelBridge.Backends;

/// <summary>What this host has for the backend ipsec.</summary>
/// <param name="Xfrm">The kernel's policies.</param>
/// <param name="Charon">Who agrees on keys.</param>
/// <param name="EtcdPrefix">Tells one network of a host from another.</param>
internal sealed record IpsecMeans(IXfrm Xfrm, ICharon Charon, string EtcdPrefix)
{
    /// <summary>What the names begin with that charon is told.</summary>
    public string Tag => $"canal{EtcdPrefix.Replace('/', '-')}:";

    /// <summary>Takes away what the backend made for these networks. A kernel without IPsec has no policies, and charon that is not there has nothing to forget.</summary>
    /// <exception cref="NetlinkException">The kernel refused.</exception>
    public void Remove(IReadOnlyCollection<Cidr> networks)
    {
        try
        {
            foreach (XfrmPolicy policy in Xfrm.Policies())
                if (IpsecPolicies.IsOurs(policy, networks)) Xfrm.Delete(policy);
        }
        catch (NetlinkException e) when (e.Errno == Errno.EPROTONOSUPPORT)
        {
            return;
        }
        try
        {
            Charon.Attach();
            foreach (string name in Charon.Connections().Where(name => name.StartsWith(Tag, StringComparison.Ordinal))) Charon.Unload(name);
            Charon.UnloadSecret(Tag);
        }
        catch (ViciException)
        {
        }
    }
}
