using Canal.Core.Addressing;
using Canal.Linux.Routing;

namespace Canal.Linux.Tunnels;

/// <summary>Makes, adopts, changes and removes tunnel devices. A device of one of our names is ours, whoever made it.</summary>
/// <param name="stack">The kernel.</param>
/// <param name="names">Our names: such a device that is not wanted goes.</param>
/// <param name="failures">Where to say what the kernel refused.</param>
public sealed class TunnelDevices(IRouteStack stack, IReadOnlyCollection<string> names, List<string> failures)
{
    /// <summary>The device that comes with the kernel's ipip module.</summary>
    private const string Permanent = "tunl0";

    private const int EOPNOTSUPP = 95;

    private static readonly Cidr LinkLocal = Cidr.Parse("fe80::/10");

    /// <summary>Makes the devices as wanted, and only those. Returns the links and addresses as they are then.</summary>
    public Underlay Make(List<TunnelDevice> wanted, Underlay underlay)
    {
        bool changed = false;
        foreach (string name in names)
            if (underlay.Find(name) is { } stray && !wanted.Exists(d => d.Link.Name == name)) changed |= Retire(stray, underlay);
        foreach (TunnelDevice device in wanted) changed |= MakeLink(device, underlay.Find(device.Link.Name));
        if (!changed && wanted.Count == 0) return underlay;
        if (changed) underlay = new Underlay(stack.Links(), stack.Addresses());
        bool addressed = false;
        foreach (TunnelDevice device in wanted)
            if (underlay.Find(device.Link.Name) is { } link && device.Fits(link))
                foreach (IpAddress address in device.Addresses) addressed |= MakeAddress(address, link, underlay);
        return addressed ? new Underlay(stack.Links(), stack.Addresses()) : underlay;
    }

    /// <summary>tunl0 belongs to the kernel's module and cannot be deleted: it is only emptied.</summary>
    private bool Retire(Link link, Underlay underlay)
    {
        if (link.Name != Permanent) return Try(KernelChange.Delete(link));
        bool changed = link.IsAdminUp && Try(KernelChange.SetUp(link.Index, up: false));
        foreach (InterfaceAddress address in underlay.Addresses.Where(a => a.Interface == link.Index)) changed |= Try(KernelChange.Delete(address));
        return changed;
    }

    private bool MakeLink(TunnelDevice device, Link? held)
    {
        if (held is not null && !device.Fits(held))
        {
            Try(KernelChange.Delete(held));
            held = null;
        }
        if (held is null) return AddLink(device);
        bool mac = device.Link.Mac is not null && held.Mac != device.Link.Mac, mtu = held.Mtu != device.Link.Mtu;
        if (!mac && !mtu && held.IsAdminUp) return false;
        return Try(KernelChange.Set(new LinkSettings { Index = held.Index, Mac = mac ? device.Link.Mac : null, Mtu = mtu ? device.Link.Mtu : null, Up = held.IsAdminUp ? null : true }));
    }

    /// <summary>A request for an ipip device may have the kernel load its module, which makes tunl0 first: then that is the one to use.</summary>
    private bool AddLink(TunnelDevice device)
    {
        KernelChange change = KernelChange.Add(device.Link with { Flags = LinkFlags.Up });
        if (device.Link.Name != Permanent) return Try(change);
        ChangeResult result = stack.Try(change);
        if (result.Errno == Errno.EEXIST && stack.Links().FirstOrDefault(l => l.Name == Permanent) is { } made && device.Fits(made)) return MakeLink(device, made) || made.IsAdminUp;
        return Done(change, result);
    }

    /// <summary>The wanted one before others go: with the last IPv4 address of a link the kernel takes away all its routes.</summary>
    private bool MakeAddress(IpAddress address, Link link, Underlay underlay)
    {
        bool changed = false, present = false;
        List<InterfaceAddress> others = [];
        foreach (InterfaceAddress held in underlay.Addresses.Where(a => a.Interface == link.Index && a.Address.Family == address.Family && !LinkLocal.Contains(a.Address)))
        {
            if (held.Address != address) others.Add(held);
            else if (held.PrefixLength == address.Family.Bits) present = true;
            else changed |= Try(KernelChange.Delete(held));
        }
        InterfaceAddress wanted = new() { Interface = link.Index, Address = address, PrefixLength = (byte)address.Family.Bits, NoDad = address.Family == IpFamily.V6 };
        if (!present) changed |= Try(KernelChange.Add(wanted));
        foreach (InterfaceAddress other in others) changed |= Try(KernelChange.Delete(other));
        return changed;
    }

    private bool Try(KernelChange change) => Done(change, stack.Try(change));

    private bool Done(KernelChange change, ChangeResult result)
    {
        if (result.IsOk) return true;
        bool unknownKind = result.Errno == EOPNOTSUPP && change is { Verb: ChangeVerb.Add, Subject: Link };
        failures.Add(unknownKind ? $"this kernel has no devices of type {((Link)change.Subject).Kind}, which the configuration asks for: {result.Error}" : result.Error!);
        return false;
    }
}
