using Canal.Linux;
using Canal.Linux.Netlink;
using Canal.Linux.Nftables;
using static Canal.Linux.Nftables.NftConstants;

namespace Canal.Testing.Nftables;

/// <summary>Sets and their elements.</summary>
internal sealed partial class FakeBatch
{
    private void AddSet(FakeTable table, NetlinkAttributes attributes)
    {
        NftSet description = NftMessageReading.ReadSet(attributes);
        uint id = NftMessageReading.UInt32(attributes.Find(NFTA_SET_ID), 0);
        if (id == 0) throw new FakeRefusal(Errno.EINVAL);
        if ((description.Flags & NftSetFlags.Anonymous) != 0)
        {
            FakeSet inside = new(description);
            byId[id] = inside;
            anonymous.Add(inside);
            Changed = true;
            return;
        }
        if (table.Sets.TryGetValue(description.Name, out FakeSet? set))
        {
            UpdateSet(set, description);
            return;
        }
        FakeSet added = new(description);
        byId[id] = added;
        Do(() => table.Sets[description.Name] = added, () => table.Sets.Remove(description.Name));
    }

    /// <summary>A description that is the same but for its size is taken; the comment stays.</summary>
    private void UpdateSet(FakeSet set, NftSet description)
    {
        NftSet before = set.Description;
        if (before.Key != description.Key || before.Flags != description.Flags) throw new FakeRefusal(Errno.EEXIST);
        Do(() => set.Description = description.Size == 0 ? before : before with { Size = description.Size }, () => set.Description = before);
    }

    private void DeleteSet(FakeTable table, NetlinkAttributes attributes)
    {
        FakeSet set = Set(table, attributes);
        if (set.Users.Count > 0) throw new FakeRefusal(Errno.EBUSY);
        Do(
            () =>
            {
                table.Sets.Remove(set.Description.Name);
                foreach ((_, FakeChain? chain) in set.Keys.Values) LetGo(chain);
            },
            () =>
            {
                table.Sets[set.Description.Name] = set;
                foreach ((_, FakeChain? chain) in set.Keys.Values) Hold(chain);
            });
    }

    private void AddElements(FakeTable table, NetlinkAttributes attributes)
    {
        FakeSet set = Set(table, attributes);
        ForEach(set, attributes, (key, next, verdict) =>
        {
            if (set.Description.IsInterval) AddRange(set, new FakeRange(key, next));
            else AddKey(table, set, FakeSet.ToKey(key), verdict);
        });
    }

    private void DeleteElements(FakeTable table, NetlinkAttributes attributes)
    {
        FakeSet set = Set(table, attributes);
        if (attributes.Find(NFTA_SET_ELEM_LIST_ELEMENTS).IsEmpty)
        {
            foreach (string key in (string[])[.. set.Keys.Keys]) DeleteKey(set, key);
            for (int i = set.Ranges.Count - 1; i >= 0; i--) DeleteRange(set, i);
            return;
        }
        ForEach(set, attributes, (key, next, _) =>
        {
            if (!set.Description.IsInterval)
            {
                DeleteKey(set, FakeSet.ToKey(key));
                return;
            }
            FakeRange range = new(key, next);
            int at = set.Ranges.BinarySearch(range);
            if (at < 0 || !set.Ranges[at].IsSame(range)) throw new FakeRefusal(Errno.ENOENT);
            DeleteRange(set, at);
        });
    }

    private void AddKey(FakeTable table, FakeSet set, string key, NftVerdict? verdict)
    {
        if (set.Description.IsMap != verdict is not null) throw new FakeRefusal(Errno.EINVAL);
        FakeChain? chain = verdict is { } to ? Target(table, to) : null;
        if (set.Keys.TryGetValue(key, out (NftVerdict Verdict, FakeChain? Chain) standing))
        {
            // The same again is nothing; another verdict is refused.
            if (standing.Verdict != (verdict ?? default)) throw new FakeRefusal(Errno.EEXIST);
            return;
        }
        RequireRoom(set, set.Keys.Count, set.Description.Size);
        Do(
            () =>
            {
                set.Keys[key] = (verdict ?? default, chain);
                Hold(chain);
            },
            () =>
            {
                set.Keys.Remove(key);
                LetGo(chain);
            });
    }

    private void DeleteKey(FakeSet set, string key)
    {
        if (!set.Keys.TryGetValue(key, out (NftVerdict Verdict, FakeChain? Chain) standing)) throw new FakeRefusal(Errno.ENOENT);
        Do(
            () =>
            {
                set.Keys.Remove(key);
                LetGo(standing.Chain);
            },
            () =>
            {
                set.Keys[key] = standing;
                Hold(standing.Chain);
            });
    }

    /// <summary>
    /// Any overlap is refused. The kernel overlooks some where a bound is shared or an END is missing, others in each version, and then matches wrongly.
    /// </summary>
    private void AddRange(FakeSet set, FakeRange range)
    {
        int at = set.Ranges.BinarySearch(range);
        if (at >= 0 && set.Ranges[at].IsSame(range)) return;
        if (at >= 0) throw new FakeRefusal(Errno.EEXIST);
        at = ~at;
        if (at > 0 && set.Ranges[at - 1].Overlaps(range)) throw new FakeRefusal(Errno.EEXIST);
        if (at < set.Ranges.Count && set.Ranges[at].Overlaps(range)) throw new FakeRefusal(Errno.EEXIST);
        RequireRoom(set, set.Ranges.Count, set.Description.Size);
        Do(() => set.Ranges.Insert(at, range), () => set.Ranges.RemoveAt(at));
    }

    private void DeleteRange(FakeSet set, int at)
    {
        FakeRange range = set.Ranges[at];
        Do(() => set.Ranges.RemoveAt(at), () => set.Ranges.Insert(at, range));
    }

    private static void RequireRoom(FakeSet set, int count, uint size)
    {
        if (!set.IsAnonymous && size > 0 && count >= size) throw new FakeRefusal(Errno.ENFILE);
    }

    private static void Hold(FakeChain? chain)
    {
        if (chain is not null) chain.Use++;
    }

    private static void LetGo(FakeChain? chain)
    {
        if (chain is not null) chain.Use--;
    }

    private FakeSet Set(FakeTable table, NetlinkAttributes attributes)
    {
        string name = NftMessageReading.Text(attributes.Find(NFTA_SET_NAME));
        uint id = NftMessageReading.UInt32(attributes.Find(NFTA_SET_ELEM_LIST_SET_ID), 0);
        return table.Sets.GetValueOrDefault(name) ?? byId.GetValueOrDefault(id) ?? throw new FakeRefusal(Errno.ENOENT);
    }

    private delegate void ElementAction(byte[] key, byte[]? next, NftVerdict? verdict);

    /// <summary>Walks the elements; in an interval set a start comes with the END that follows it.</summary>
    private static void ForEach(FakeSet set, NetlinkAttributes attributes, ElementAction action)
    {
        byte[]? start = null;
        foreach (NetlinkAttribute entry in new NetlinkAttributes(attributes.Find(NFTA_SET_ELEM_LIST_ELEMENTS)))
        {
            byte[] key = new NetlinkAttributes(entry.Nested.Find(NFTA_SET_ELEM_KEY)).Find(NFTA_DATA_VALUE).ToArray();
            ReadOnlySpan<byte> data = entry.Nested.Find(NFTA_SET_ELEM_DATA);
            NftVerdict? verdict = data.IsEmpty ? null : NftElementCollector.ReadVerdict(new NetlinkAttributes(data).Find(NFTA_DATA_VERDICT));
            if (key.Length != set.Description.Key.Length) throw new FakeRefusal(Errno.EINVAL);
            bool isEnd = NftElementCollector.IsEnd(entry.Nested.Find(NFTA_SET_ELEM_FLAGS));
            if (!set.Description.IsInterval)
            {
                action(key, null, verdict);
                continue;
            }
            if (isEnd && start is null) throw new FakeRefusal(Errno.EINVAL);
            if (isEnd) action(start!, key, null);
            else if (start is not null) action(start, null, null);
            start = isEnd ? null : key;
        }
        if (start is not null) action(start, null, null);
    }
}
