using System.Runtime.InteropServices;

namespace Canal.Core.Labels;

/// <summary>Gives small numbers to parents by name, for as long as an item names them or their labels are known.</summary>
internal sealed class ParentTable
{
    private readonly Dictionary<string, int> numbers = [];
    private readonly Stack<int> free = new();
    private Parent[] parents = [];
    private int count;
    private int stamp;

    /// <summary>How many parents are named or known.</summary>
    public int Count => numbers.Count;

    public int Acquire(string name)
    {
        ref int known = ref CollectionsMarshal.GetValueRefOrAddDefault(numbers, name, out bool exists);
        if (!exists)
        {
            known = free.Count > 0 ? free.Pop() : count++;
            Growth.EnsureIndex(ref parents, known);
            parents[known] = new Parent { Name = name };
        }
        parents[known].Users++;
        return known;
    }

    public void Release(int parent)
    {
        ref Parent released = ref parents[parent];
        if (--released.Users > 0)
            return;
        numbers.Remove(released.Name);
        released = default;
        free.Push(parent);
    }

    /// <summary>Appends the numbers of the names, each acquired once; a repeated name counts where it first stands.</summary>
    public void Acquire(ReadOnlySpan<string> names, List<int> acquired)
    {
        stamp++;
        foreach (string name in names)
        {
            int parent = Acquire(name);
            if (parents[parent].Stamp == stamp)
            {
                Release(parent);
                continue;
            }
            parents[parent].Stamp = stamp;
            acquired.Add(parent);
        }
    }

    /// <summary>Marks its labels as known, which keeps it, or as unknown again.</summary>
    public void SetKnown(int parent, bool known)
    {
        if (parents[parent].Known == known)
            return;
        parents[parent].Known = known;
        if (known)
            parents[parent].Users++;
        else
            Release(parent);
    }

    private struct Parent
    {
        public string Name;
        public int Users;
        public int Stamp;
        public bool Known;
    }
}
