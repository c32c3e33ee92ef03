using System.Runtime.InteropServices;

namespace Canal.Core.IpSets;

/// <summary>
/// Counts how often each member is contributed (several endpoints may share an address for a moment) and remembers which members appeared or
/// vanished since the last <see cref="TakeChanges"/>. A member that came and went in between is no change. Joint 2 of the incremental calculation.
/// </summary>
internal sealed class MemberCounter<T> where T : struct, IEquatable<T>
{
    private readonly Dictionary<T, int> counts = [];
    private readonly Dictionary<T, bool> before = [];

    /// <summary>Members present now.</summary>
    public IReadOnlyCollection<T> Members => counts.Keys;

    public int Count => counts.Count;

    public bool HasChanges => before.Count > 0;

    /// <summary>One more contribution.</summary>
    public void Add(T member)
    {
        ref int count = ref CollectionsMarshal.GetValueRefOrAddDefault(counts, member, out bool existed);
        count++;
        if (!existed) before.TryAdd(member, false);
    }

    /// <summary>One contribution less; it must have been added.</summary>
    public void Remove(T member)
    {
        ref int count = ref CollectionsMarshal.GetValueRefOrNullRef(counts, member);
        if (System.Runtime.CompilerServices.Unsafe.IsNullRef(ref count)) throw new InvalidOperationException($"member {member} was never added");
        if (--count > 0) return;
        counts.Remove(member);
        before.TryAdd(member, true);
    }

    /// <summary>Appends what changed to the lists and forgets it.</summary>
    public void TakeChanges(List<T> added, List<T> removed)
    {
        foreach ((T member, bool present) in before)
        {
            bool now = counts.ContainsKey(member);
            if (now && !present) added.Add(member);
            else if (!now && present) removed.Add(member);
        }
        before.Clear();
        if (before.Capacity > 1024) before.TrimExcess();
    }
}
