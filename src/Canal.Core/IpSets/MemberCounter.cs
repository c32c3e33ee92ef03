using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Canal.Core.IpSets;

/// <summary>
/// Counts how often each member is contributed (several endpoints may share an address for a moment) and remembers which members appeared or
/// vanished since the last <see cref="TakeChanges"/>; before the first, everything is new. A member that came and went in between is no change.
/// Joint 2 of the incremental calculation.
/// </summary>
internal sealed class MemberCounter<T> where T : struct, IEquatable<T>
{
    private readonly Dictionary<T, int> counts = [];
    private Dictionary<T, bool>? before;
    private bool taken;

    /// <summary>Members present now.</summary>
    public Dictionary<T, int>.KeyCollection Members => counts.Keys;

    public int Count => counts.Count;

    public bool Contains(T member) => counts.ContainsKey(member);

    public bool HasChanges => taken ? before is not null : counts.Count > 0;

    /// <summary>One more contribution. Returns whether the member appeared.</summary>
    public bool Add(T member)
    {
        ref int count = ref CollectionsMarshal.GetValueRefOrAddDefault(counts, member, out bool existed);
        count++;
        if (!existed && taken) (before ??= []).TryAdd(member, false);
        return !existed;
    }

    /// <summary>One contribution less; it must have been added. Returns whether the member vanished.</summary>
    public bool Remove(T member)
    {
        ref int count = ref CollectionsMarshal.GetValueRefOrNullRef(counts, member);
        if (Unsafe.IsNullRef(ref count)) throw new InvalidOperationException($"member {member} was never added");
        if (--count > 0) return false;
        counts.Remove(member);
        if (taken) (before ??= []).TryAdd(member, true);
        return true;
    }

    /// <summary>Appends what changed to the lists and forgets it.</summary>
    public void TakeChanges(List<T> added, List<T> removed)
    {
        if (!taken) added.AddRange(counts.Keys);
        taken = true;
        foreach ((T member, bool present) in before ?? [])
        {
            bool now = counts.ContainsKey(member);
            if (now && !present) added.Add(member);
            else if (!now && present) removed.Add(member);
        }
        before = null;
    }
}
