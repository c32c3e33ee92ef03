using System.Buffers.Binary;
using Canal.Core.Addressing;
using Canal.Linux.Netlink;
using static Canal.Linux.Netlink.NetlinkConstants;
using static Canal.Linux.Nftables.NftConstants;

namespace Canal.Linux.Nftables;

/// <summary>Sets and their elements. An element costs its bytes only: many go into one message, and as many messages as it takes.</summary>
public sealed partial class NftTransaction
{
    private const string AnonymousName = "__set%d";

    /// <summary><c>add set</c> or <c>add map</c>; does nothing when it exists with the same description, EEXIST when with another.</summary>
    public void AddSet(NftSet set)
    {
        if (set.IsInterval && set.Key.IsConcatenation) throw new ArgumentException($"set {set.Name}: concatenated keys cannot be intervals here", nameof(set));
        int message = BeginSet(NFT_MSG_NEWSET, NLM_F_CREATE, set.Name);
        WriteDescription(set.Key, set.Flags, (uint)Count, set.Size);
        NftUserData.WriteSet(new NetlinkWriter(buffer), set.Key, set.Comment ?? "");
        End(message);
    }

    /// <summary><c>delete set</c>; EBUSY while a rule refers to it.</summary>
    public void DeleteSet(string name) => End(BeginSet(NFT_MSG_DELSET, 0, name));

    /// <summary><c>flush set</c>: deletes its elements.</summary>
    public void FlushSet(string name) => End(BeginSet(NFT_MSG_DELSETELEM, 0, name));

    /// <summary>Adds addresses; in an interval set each is a range of one. An element that is there already changes nothing.</summary>
    public void AddElements(NftSet set, ReadOnlySpan<IpAddress> addresses) => WriteElements(NFT_MSG_NEWSETELEM, set, addresses);

    /// <summary>Deletes addresses; one that is not there is ENOENT.</summary>
    public void DeleteElements(NftSet set, ReadOnlySpan<IpAddress> addresses) => WriteElements(NFT_MSG_DELSETELEM, set, addresses);

    /// <summary>
    /// Adds prefixes to an interval set. Merging is the caller's: one that overlaps an element, but is not equal to it, is EEXIST at best; where the two
    /// begin or end alike the kernel may take both and match neither rightly.
    /// </summary>
    public void AddElements(NftSet set, ReadOnlySpan<Cidr> prefixes) => WriteElements(NFT_MSG_NEWSETELEM, set, prefixes);

    /// <summary>
    /// Deletes prefixes, exactly as they were added. One that is deleted, added and deleted again in the same transaction may be ENOENT: the kernel's search
    /// can miss what stands beside the first, deleted one.
    /// </summary>
    public void DeleteElements(NftSet set, ReadOnlySpan<Cidr> prefixes) => WriteElements(NFT_MSG_DELSETELEM, set, prefixes);

    /// <summary>Adds address . protocol . port.</summary>
    public void AddElements(NftSet set, ReadOnlySpan<NftConcatenation> elements) => WriteElements(NFT_MSG_NEWSETELEM, set, elements);

    /// <summary>Deletes address . protocol . port.</summary>
    public void DeleteElements(NftSet set, ReadOnlySpan<NftConcatenation> elements) => WriteElements(NFT_MSG_DELSETELEM, set, elements);

    /// <summary>Adds ports; in an interval set ranges, which must be sorted and apart.</summary>
    public void AddElements(NftSet set, ReadOnlySpan<PortRange> ranges)
    {
        RequireKey(set, NftKeyType.Port);
        if (ranges.IsEmpty) return;
        OpenElements(NFT_MSG_NEWSETELEM, set);
        foreach (PortRange range in ranges)
        {
            if (!set.IsInterval && range.First != range.Last) throw WrongElement(set, range.ToString());
            if (!elements.HasRoom(buffer, NftInterval.Size(set.Key.Length))) ReopenElements(NFT_MSG_NEWSETELEM, set);
            NftElementWriter writer = new(buffer);
            BinaryPrimitives.WriteUInt16BigEndian(writer.Element(2), range.First);
            if (set.IsInterval && range.Last != ushort.MaxValue) BinaryPrimitives.WriteUInt16BigEndian(writer.Element(2, end: true), (ushort)(range.Last + 1));
        }
        CloseElements();
    }

    /// <summary>Adds interface names to a set without intervals.</summary>
    public void AddElements(NftSet set, ReadOnlySpan<string> names) => WriteElements(NFT_MSG_NEWSETELEM, set, names);

    /// <summary>Deletes interface names; in a verdict map whatever their verdict.</summary>
    public void DeleteElements(NftSet set, ReadOnlySpan<string> names) => WriteElements(NFT_MSG_DELSETELEM, set, names);

    /// <summary>Adds keys of any type, side by side, each of the set's key length.</summary>
    public void AddElements(NftSet set, ReadOnlySpan<byte> keys) => WriteElements(NFT_MSG_NEWSETELEM, set, keys);

    /// <summary>Deletes keys of any type, side by side, each of the set's key length.</summary>
    public void DeleteElements(NftSet set, ReadOnlySpan<byte> keys) => WriteElements(NFT_MSG_DELSETELEM, set, keys);

    /// <summary>
    /// Maps an interface name to a verdict; the chain of a jump must exist. To change a verdict, delete the element first: the kernel does not replace it
    /// (EEXIST).
    /// </summary>
    public void AddElement(NftSet map, string name, NftVerdict verdict)
    {
        RequireKey(map, NftKeyType.IfName);
        Span<byte> key = stackalloc byte[IFNAMSIZ];
        key.Clear();
        NftRuleBuilder.WriteInterfaceName(name, key);
        AddElement(map, key, verdict);
    }

    /// <summary>Maps a key of any type to a verdict.</summary>
    public void AddElement(NftSet map, ReadOnlySpan<byte> key, NftVerdict verdict)
    {
        if (!map.IsMap) throw new ArgumentException($"{map.Name} is no verdict map", nameof(map));
        if (key.Length != map.Key.Length) throw new ArgumentException($"a key of {map.Name} has {map.Key.Length} bytes, not {key.Length}", nameof(key));
        RequireSingleKeys(map);
        if (verdict.Chain is not null) NftRuleBuilder.CheckName(verdict.Chain);
        int size = NftElementWriter.Size(key.Length, verdict);
        OpenElements(NFT_MSG_NEWSETELEM, map);
        if (!elements.HasRoom(buffer, size)) ReopenElements(NFT_MSG_NEWSETELEM, map);
        new NftElementWriter(buffer).Element(key, verdict);
        CloseElements();
    }

    private void WriteElements(int type, NftSet set, ReadOnlySpan<IpAddress> addresses)
    {
        if (addresses.IsEmpty) return;
        OpenElements(type, set);
        foreach (IpAddress address in addresses)
        {
            if (address.Family.Bytes != set.Key.Length) throw WrongElement(set, address.ToString());
            if (!elements.HasRoom(buffer, NftInterval.Size(set.Key.Length))) ReopenElements(type, set);
            if (set.IsInterval) NftInterval.Write(buffer, new Cidr(address));
            else address.WriteBytes(new NftElementWriter(buffer).Element(set.Key.Length));
        }
        CloseElements();
    }

    private void WriteElements(int type, NftSet set, ReadOnlySpan<Cidr> prefixes)
    {
        if (prefixes.IsEmpty) return;
        if (!set.IsInterval) throw new ArgumentException($"set {set.Name} holds single keys, not prefixes", nameof(set));
        OpenElements(type, set);
        foreach (Cidr prefix in prefixes)
        {
            if (prefix.Family.Bytes != set.Key.Length) throw WrongElement(set, prefix.ToString());
            if (!elements.HasRoom(buffer, NftInterval.Size(set.Key.Length))) ReopenElements(type, set);
            NftInterval.Write(buffer, prefix);
        }
        CloseElements();
    }

    private void WriteElements(int type, NftSet set, ReadOnlySpan<NftConcatenation> values)
    {
        if (values.IsEmpty) return;
        OpenElements(type, set);
        foreach (NftConcatenation value in values)
        {
            if (set.Key != NftKeyType.AddressProtocolPort(value.Address.Family)) throw WrongElement(set, value.ToString());
            if (!elements.HasRoom(buffer, NftElementWriter.Size(set.Key.Length))) ReopenElements(type, set);
            Span<byte> key = new NftElementWriter(buffer).Element(set.Key.Length);
            key = key[value.Address.WriteBytes(key)..];
            key[0] = value.Protocol;
            BinaryPrimitives.WriteUInt16BigEndian(key[4..], value.Port);
        }
        CloseElements();
    }

    private void WriteElements(int type, NftSet set, ReadOnlySpan<string> names)
    {
        if (names.IsEmpty) return;
        RequireKey(set, NftKeyType.IfName);
        RequireSingleKeys(set);
        OpenElements(type, set);
        foreach (string name in names)
        {
            if (!elements.HasRoom(buffer, NftElementWriter.Size(IFNAMSIZ))) ReopenElements(type, set);
            NftRuleBuilder.WriteInterfaceName(name, new NftElementWriter(buffer).Element(IFNAMSIZ));
        }
        CloseElements();
    }

    private void WriteElements(int type, NftSet set, ReadOnlySpan<byte> keys)
    {
        if (keys.IsEmpty) return;
        RequireSingleKeys(set);
        int length = set.Key.Length;
        if (keys.Length % length != 0) throw new ArgumentException($"keys of {set.Name} have {length} bytes each, not {keys.Length} together", nameof(keys));
        OpenElements(type, set);
        for (; !keys.IsEmpty; keys = keys[length..])
        {
            if (!elements.HasRoom(buffer, NftElementWriter.Size(length))) ReopenElements(type, set);
            keys[..length].CopyTo(new NftElementWriter(buffer).Element(length));
        }
        CloseElements();
    }

    private void WriteAnonymousSet(NftAnonymousSet set)
    {
        uint id = ++anonymousSets;
        int message = BeginSet(NFT_MSG_NEWSET, NLM_F_CREATE, AnonymousName);
        WriteDescription(set.Key, set.Flags, id, (uint)set.Count);
        NftUserData.WriteSet(new NetlinkWriter(buffer), set.Key, "");
        End(message);
        foreach (Range run in set.Runs()) WriteAnonymousElements(id, set.Elements[run]);
    }

    private void WriteAnonymousElements(uint id, ReadOnlySpan<byte> run)
    {
        int message = BeginSet(NFT_MSG_NEWSETELEM, NLM_F_CREATE, AnonymousName);
        NetlinkWriter writer = new(buffer);
        writer.UInt32BigEndian(NFTA_SET_ELEM_LIST_SET_ID, id);
        int list = writer.BeginNested(NFTA_SET_ELEM_LIST_ELEMENTS);
        run.CopyTo(buffer.Append(run.Length));
        writer.EndNested(list);
        End(message);
    }

    private int BeginSet(int type, int flags, string name) => BeginNamed(type, flags, NFTA_SET_NAME, name);

    /// <summary>SET_ID is mandatory and unique in the batch; for named sets it is never used, so anything past the anonymous ones will do.</summary>
    private void WriteDescription(NftKeyType key, NftSetFlags flags, uint id, uint size)
    {
        NetlinkWriter writer = new(buffer);
        writer.UInt32BigEndian(NFTA_SET_FLAGS, (uint)flags);
        writer.UInt32BigEndian(NFTA_SET_KEY_TYPE, key.Number);
        writer.UInt32BigEndian(NFTA_SET_KEY_LEN, (uint)key.Length);
        if ((flags & NftSetFlags.VerdictMap) != 0)
        {
            writer.UInt32BigEndian(NFTA_SET_DATA_TYPE, NFT_DATA_VERDICT);
            writer.UInt32BigEndian(NFTA_SET_DATA_LEN, 0);
        }
        writer.UInt32BigEndian(NFTA_SET_ID, (flags & NftSetFlags.Anonymous) != 0 ? id : id | 0x80000000);
        if (size == 0) return;
        int description = writer.BeginNested(NFTA_SET_DESC);
        writer.UInt32BigEndian(NFTA_SET_DESC_SIZE, size);
        writer.EndNested(description);
    }

    private static void RequireKey(NftSet set, NftKeyType key)
    {
        if (set.Key != key) throw new ArgumentException($"set {set.Name} holds {set.Key}, not {key}", nameof(set));
    }

    private static void RequireSingleKeys(NftSet set)
    {
        if (set.IsInterval) throw new ArgumentException($"set {set.Name} holds intervals, not single keys", nameof(set));
    }

    private static ArgumentException WrongElement(NftSet set, string element) => new($"{element} is no {set.Key}, which set {set.Name} holds");
}
