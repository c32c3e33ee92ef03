using Canal.Linux.Netlink;
using static Canal.Linux.Netlink.NetlinkConstants;
using static Canal.Linux.Nftables.NftConstants;

namespace Canal.Linux.Nftables;

/// <summary>
/// The element message being written. Elements that follow each other into the same set go into one message until its 16-bit length is full, also over
/// several calls.
/// </summary>
public sealed partial class NftTransaction
{
    private ElementMessage elements;

    /// <summary>Where the last element message stands, and of which set it is.</summary>
    private struct ElementMessage
    {
        internal int Message;
        internal int List;
        internal int End;
        internal int Type;
        internal string? Set;

        /// <summary>nla_len of the list counts its own header.</summary>
        internal readonly bool HasRoom(NetlinkBuffer buffer, int size) => buffer.Length - List + size <= ushort.MaxValue;
    }

    /// <summary>Goes on with the last message when it is of the same set and nothing came after it, else begins one.</summary>
    private void OpenElements(int type, NftSet set)
    {
        sets[set.Name] = set;
        open = true;
        if (elements.End != buffer.Length || elements.Type != type || elements.Set != set.Name) BeginElements(type, set);
    }

    private void ReopenElements(int type, NftSet set)
    {
        CloseElements();
        BeginElements(type, set);
    }

    private void BeginElements(int type, NftSet set)
    {
        elements.Message = BeginSet(type, type == NFT_MSG_NEWSETELEM ? NLM_F_CREATE : 0, set.Name);
        elements.List = new NetlinkWriter(buffer).BeginNested(NFTA_SET_ELEM_LIST_ELEMENTS);
        (elements.Type, elements.Set) = (type, set.Name);
    }

    private void CloseElements()
    {
        new NetlinkWriter(buffer).EndNested(elements.List);
        End(elements.Message);
        elements.End = buffer.Length;
    }
}
