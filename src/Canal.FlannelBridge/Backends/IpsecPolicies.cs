using Canal.Core.Addressing;
using Canal.Core.Flannel;
using Canal.FlannelBridge.Charon;
using Canal.Linux.Xfrm;

namespace Canal.FlannelBridge.Backends;

/// <summary>
/// The kernel's policies of a host: to and from each peer's subnet through the tunnel, inside the own subnet as it is, to and from the rest of the network not at
/// all. They are there before there are keys and stay when charon goes: without a security association a packet is dropped.
/// </summary>
internal static class IpsecPolicies
{
    // Below what charon gives to policies of its own, so that a wider tunnel of the operator's or a bypass of charon's does not come before them. Their own numbers: flannel's have 0.
    private const uint Within = 1011, Tunnel = 1012, Rest = 1013;

    private const uint Flannels = 0;

    private static readonly Cidr Everyone = Cidr.Parse("0.0.0.0/0");

    /// <summary>All policies, in the order in which they are to be made: what lets pass before what drops.</summary>
    /// <param name="network">The whole network.</param>
    /// <param name="own">This host's subnet.</param>
    /// <param name="local">The interface's address.</param>
    /// <param name="peers">The others.</param>
    public static List<XfrmPolicy> Of(Cidr network, Cidr own, IpAddress local, IReadOnlyCollection<IpsecConnection> peers)
    {
        List<XfrmPolicy> policies = [];
        // Where hosts' own addresses are in the network, what is for no subnet may be for a host.
        bool closes = !network.Contains(local) && !peers.Any(p => network.Contains(p.Remote));
        if (closes)
        {
            policies.Add(new XfrmPolicy { Direction = XfrmDirection.Out, Source = Everyone, Destination = own, Priority = Within });
            policies.AddRange(Inward(own, own, Within));
        }
        foreach (IpsecConnection peer in peers)
        {
            XfrmTunnel there = new(local, peer.Remote, IpsecBackend.RequestId), back = new(peer.Remote, local, IpsecBackend.RequestId);
            policies.Add(new XfrmPolicy { Direction = XfrmDirection.Out, Source = own, Destination = peer.RemoteSubnet, Priority = Tunnel, Tunnel = there });
            policies.AddRange(Inward(peer.RemoteSubnet, own, Tunnel).Select(p => p with { Tunnel = back }));
        }
        if (closes)
        {
            policies.Add(new XfrmPolicy { Direction = XfrmDirection.Out, Source = Everyone, Destination = network, Priority = Rest, IsBlock = true });
            policies.AddRange(Inward(network, own, Rest).Select(p => p with { IsBlock = true }));
        }
        return policies;
    }

    private static IEnumerable<XfrmPolicy> Inward(Cidr from, Cidr to, uint priority) =>
        new[] { XfrmDirection.In, XfrmDirection.Forward }.Select(direction => new XfrmPolicy { Direction = direction, Source = from, Destination = to, Priority = priority });

    /// <summary>One of an earlier run or plan, or of a flanneld before.</summary>
    public static bool IsOurs(XfrmPolicy policy, IEnumerable<Cidr> networks) =>
        (policy.Priority switch
        {
            Within or Rest => policy.Tunnel is null,
            Tunnel or Flannels => policy.Tunnel?.RequestId == IpsecBackend.RequestId,
            _ => false,
        }) && networks.Any(network => network.Contains(policy.Destination) && (policy.Source == Everyone || network.Contains(policy.Source)));
}
