using System.Globalization;
using Canal.Core.Addressing;
using Canal.Core.Resources;

namespace Canal.Core.Ipam;

/// <summary>Compares all of IPAM with itself and with the cluster. Pure; the order of findings depends on the data alone.</summary>
public static class IpamAudit
{
    /// <summary>Calico's handle for addresses that Windows keeps for itself: assigned, and nobody's.</summary>
    private const string WindowsHandle = "windows-reserved-ipam-handle";

    /// <summary>Everything that is wrong.</summary>
    public static IReadOnlyList<IpamFinding> Check(IpamState state) =>
        [.. Leaks(state), .. NotAssigned(state), .. Handles(state), .. Claims(state)];

    private static IEnumerable<IpamFinding> Leaks(IpamState state)
    {
        foreach (IpamBlock block in state.Blocks.Values.OrderBy(b => b.Cidr))
        {
            BlockDraft draft = new(block);
            for (int ordinal = 0; ordinal < block.Allocations.Count; ordinal++)
            {
                IpAddress address = block.Cidr.AddressAt((UInt128)ordinal);
                if (draft.Find(ordinal) is not { } attribute || attribute.HandleId == WindowsHandle || state.Users.ContainsKey(address)) continue;
                yield return new IpamFinding(IpamFindingKind.Leaked, address.ToString(), $"is assigned ({Describe(attribute)}) and no endpoint or tunnel has it")
                {
                    Leak = new ReleaseTarget(address, attribute.HandleId, draft.SequenceOf(ordinal)),
                };
            }
        }
    }

    private static IEnumerable<IpamFinding> NotAssigned(IpamState state)
    {
        foreach ((IpAddress address, string user) in state.Users.OrderBy(u => u.Key))
        {
            if (!state.Pools.Exists(pool => pool.Cidr.Contains(address))) continue;
            IpamBlock? block = AddressRelease.Keys(new ReleaseTarget(address)).Select(key => state.Blocks.GetValueOrDefault(key.Cidr)).FirstOrDefault(b => b is not null);
            if (block is null || new BlockDraft(block).Find((int)block.Cidr.OffsetOf(address)) is null)
                yield return new IpamFinding(IpamFindingKind.NotAssigned, address.ToString(), $"is used by {user} and not assigned: another may get it");
        }
    }

    private static IEnumerable<IpamFinding> Handles(IpamState state)
    {
        Dictionary<(string Handle, Cidr Block), int> counted = [];
        foreach (IpamBlock block in state.Blocks.Values)
            foreach (int? allocation in block.Allocations)
                if (allocation is { } index && block.Attributes[index].HandleId is { } handle && handle != WindowsHandle) counted[(handle, block.Cidr)] = counted.GetValueOrDefault((handle, block.Cidr)) + 1;
        Dictionary<(string Handle, Cidr Block), int> told = [];
        foreach ((string id, IpamHandle handle) in state.Handles)
            foreach (HandleCount count in handle.Blocks) told[(id, count.Block)] = count.Count;
        foreach ((string handle, Cidr block) in counted.Keys.Union(told.Keys).OrderBy(k => k.Handle, StringComparer.Ordinal).ThenBy(k => k.Block))
        {
            int has = counted.GetValueOrDefault((handle, block)), says = told.GetValueOrDefault((handle, block));
            if (has == says) continue;
            string missing = state.Handles.ContainsKey(handle) ? string.Create(CultureInfo.InvariantCulture, $"says {says}") : "does not exist";
            yield return new IpamFinding(IpamFindingKind.HandleDiffers, handle, string.Create(CultureInfo.InvariantCulture, $"has {has} addresses in {block} and the handle {missing}"));
        }
    }

    private static IEnumerable<IpamFinding> Claims(IpamState state)
    {
        foreach (IpamBlock block in state.Blocks.Values.OrderBy(b => b.Cidr))
        {
            if (!state.Pools.Exists(pool => pool.Cidr.Contains(block.Cidr)))
                yield return new IpamFinding(IpamFindingKind.NoPool, block.Cidr.ToString(), "is in no pool") { Block = block.Cidr, Owner = block.Affinity };
            if (block.Affinity is not { } owner) continue;
            if (!state.Claims.ContainsKey((owner, block.Cidr)))
                yield return new IpamFinding(IpamFindingKind.ClaimDiffers, block.Cidr.ToString(), $"belongs to {owner}, which has no claim to it") { Block = block.Cidr, Owner = owner };
            if (owner.Kind == BlockOwnerKind.Host && !state.Nodes.Contains(owner.Name))
                yield return new IpamFinding(IpamFindingKind.OwnerGone, block.Cidr.ToString(), $"belongs to {owner}, and there is no such node") { Block = block.Cidr, Owner = owner };
        }
        foreach ((BlockOwner owner, Cidr block) in state.Claims.Keys.OrderBy(c => c.Block).ThenBy(c => c.Owner.ToString(), StringComparer.Ordinal))
        {
            IpamBlock? found = state.Blocks.GetValueOrDefault(block);
            if (found?.Affinity != owner)
                yield return new IpamFinding(IpamFindingKind.ClaimDiffers, block.ToString(), $"is claimed by {owner} and {(found is null ? "does not exist" : $"belongs to {found.Affinity?.ToString() ?? "nobody"}")}") { Block = block, Owner = owner };
        }
    }

    private static string Describe(IpamAttribute attribute)
    {
        string[] parts = [attribute.HandleId is { } handle ? $"handle {handle}" : "no handle", .. ((ReadOnlySpan<string>)["namespace", "pod", "node", "type"]).ToArray()
            .Where(attribute.Secondary.ContainsKey).Select(name => $"{name} {attribute.Secondary[name]}")];
        return string.Join(", ", parts);
    }
}
