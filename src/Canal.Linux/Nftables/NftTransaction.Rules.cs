using System.Buffers.Binary;
using System.Text;
using Canal.Linux.Netlink;
using static Canal.Linux.Netlink.NetlinkConstants;
using static Canal.Linux.Nftables.NftConstants;

namespace Canal.Linux.Nftables;

/// <summary>Rules, each preceded by the anonymous sets it brings along.</summary>
public sealed partial class NftTransaction
{
    private const int IdentityLength = 8;

    /// <summary><c>add rule</c> at the end of the chain.</summary>
    public void AddRule(string chain, NftRule rule) => WriteRule(NLM_F_CREATE | NLM_F_APPEND, chain, rule, default, 0, null);

    /// <summary><c>add rule … handle N</c>: after the rule of that handle.</summary>
    public void AddRule(string chain, NftRule rule, ulong afterHandle) =>
        WriteRule(NLM_F_CREATE | NLM_F_APPEND, chain, rule, NFTA_RULE_POSITION, afterHandle, null);

    /// <summary><c>insert rule</c> at the head of the chain.</summary>
    public void InsertRule(string chain, NftRule rule) => WriteRule(NLM_F_CREATE, chain, rule, default, 0, null);

    /// <summary><c>insert rule … handle N</c>: before the rule of that handle.</summary>
    public void InsertRule(string chain, NftRule rule, ulong beforeHandle) => WriteRule(NLM_F_CREATE, chain, rule, NFTA_RULE_POSITION, beforeHandle, null);

    /// <summary><c>replace rule … handle N</c>: handle and place stay; the counter goes on from a value, from zero by default.</summary>
    public void ReplaceRule(string chain, ulong handle, NftRule rule, NftCounter? counter = null) =>
        WriteRule(NLM_F_REPLACE, chain, rule, NFTA_RULE_HANDLE, handle, counter);

    /// <summary><c>delete rule … handle N</c></summary>
    public void DeleteRule(string chain, ulong handle)
    {
        int message = BeginRule(NFT_MSG_DELRULE, 0, chain);
        new NetlinkWriter(buffer).UInt64BigEndian(NFTA_RULE_HANDLE, handle);
        End(message);
    }

    private void WriteRule(int flags, string chain, NftRule rule, ushort placeAttribute, ulong place, NftCounter? counter)
    {
        uint firstSet = anonymousSets + 1;
        foreach (NftAnonymousLookup lookup in rule.Lookups) WriteAnonymousSet(lookup.Set);
        int message = BeginRule(NFT_MSG_NEWRULE, flags, chain);
        NetlinkWriter writer = new(buffer);
        if (placeAttribute != 0) writer.UInt64BigEndian(placeAttribute, place);
        WriteExpressions(writer, rule, counter, firstSet);
        WriteUserData(writer, rule);
        End(message);
    }

    private void WriteExpressions(NetlinkWriter writer, NftRule rule, NftCounter? counter, uint firstSet)
    {
        int nest = writer.BeginNested(NFTA_RULE_EXPRESSIONS);
        int start = buffer.Length, shift = 0, shiftFrom = int.MaxValue;
        if (counter is { } from && rule.HasCounter)
        {
            ReadOnlySpan<byte> rest = rule.Expressions[rule.CounterOffset..];
            rule.Expressions[..rule.CounterOffset].CopyTo(buffer.Append(rule.CounterOffset));
            int empty = BinaryPrimitives.ReadUInt16LittleEndian(rest), counterStart = buffer.Length;
            new NftExpressionWriter(buffer).Counter(from);
            (shift, shiftFrom) = (buffer.Length - counterStart - empty, rule.CounterOffset);
            rest[empty..].CopyTo(buffer.Append(rest.Length - empty));
        }
        else
        {
            rule.Expressions.CopyTo(buffer.Append(rule.Expressions.Length));
        }
        foreach (NftAnonymousLookup lookup in rule.Lookups)
        {
            int offset = lookup.SetIdOffset + (lookup.SetIdOffset > shiftFrom ? shift : 0);
            BinaryPrimitives.WriteUInt32BigEndian(buffer.At(start + offset, 4), firstSet++);
        }
        writer.EndNested(nest);
    }

    private static void WriteUserData(NetlinkWriter writer, NftRule rule)
    {
        int text = rule.Comment.Length == 0 ? 0 : Encoding.UTF8.GetByteCount(rule.Comment) + 3;
        Span<byte> data = writer.Attribute(NFTA_RULE_USERDATA, text + 2 + IdentityLength);
        if (text > 0)
        {
            (data[0], data[1]) = (NftUserData.RuleComment, (byte)(text - 2));
            Encoding.UTF8.GetBytes(rule.Comment, data[2..]);
            data = data[text..];
        }
        (data[0], data[1]) = (NftUserData.RuleIdentity, IdentityLength);
        BinaryPrimitives.WriteUInt64LittleEndian(data[2..], rule.Identity);
    }
}
