using Canal.Linux.Netlink;
using static Canal.Linux.Netlink.NetlinkConstants;
using static Canal.Linux.Routing.RtnetlinkConstants;

namespace Canal.Linux.Routing;

/// <summary>A <see cref="KernelChange"/> as one request message.</summary>
internal static class ChangeCodec
{
    /// <summary>Writes the request without NLM_F_ACK: the kernel answers a refusal in any case, and the asker marks the last message of its batch.</summary>
    internal static void Write(NetlinkWriter writer, uint sequence, KernelChange change)
    {
        change.Validate();
        ushort flags = Flags(change.Verb);
        bool delete = change.Verb == ChangeVerb.Delete;
        switch (change.Subject)
        {
            case Route route: RouteCodec.Write(writer, sequence, delete ? RTM_DELROUTE : RTM_NEWROUTE, flags, route); break;
            case Neighbour neighbour: NeighbourCodec.Write(writer, sequence, delete ? RTM_DELNEIGH : RTM_NEWNEIGH, flags, neighbour); break;
            case FdbEntry entry: NeighbourCodec.Write(writer, sequence, delete ? RTM_DELNEIGH : RTM_NEWNEIGH, flags, entry); break;
            case InterfaceAddress address: AddressCodec.Write(writer, sequence, delete ? RTM_DELADDR : RTM_NEWADDR, flags, address); break;
            case RoutingRule rule: RuleCodec.Write(writer, sequence, delete ? RTM_DELRULE : RTM_NEWRULE, flags, rule); break;
            case Qdisc qdisc: TrafficCodec.Write(writer, sequence, delete ? RTM_DELQDISC : RTM_NEWQDISC, flags, qdisc); break;
            case IngressFilter filter: TrafficCodec.Write(writer, sequence, delete ? RTM_DELTFILTER : RTM_NEWTFILTER, flags, filter); break;
            case LinkSettings settings: LinkCodec.WriteSettings(writer, sequence, settings); break;
            case Link link when delete: LinkCodec.WriteDelete(writer, sequence, link); break;
            case Link link: LinkCodec.WriteAdd(writer, sequence, flags, link); break;
        }
    }

    private static ushort Flags(ChangeVerb verb) => verb switch
    {
        ChangeVerb.Add => NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL,
        ChangeVerb.Replace => NLM_F_REQUEST | NLM_F_CREATE | NLM_F_REPLACE,
        _ => NLM_F_REQUEST,
    };
}
