using System.Runtime.InteropServices;

namespace Canal.Core.Labels;

/// <summary>Gives small numbers to label names and to pairs of name and value, and takes them back when the last user releases them.</summary>
/// <remarks>One owner. Every Acquire needs one Release; a number must not be used after its last release, since it will be given out again.</remarks>
internal sealed class LabelInterner
{
    private const int ShortSearch = 8;

    private readonly Dictionary<string, int> nameNumbers = [];
    private readonly Dictionary<PairKey, int> pairNumbers = [];
    private readonly Stack<int> freeNames = new();
    private readonly Stack<int> freePairs = new();
    private Name[] names = [];
    private Pair[] pairs = [];
    private int nameCount;
    private int pairCount;

    /// <summary>How many pairs are in use.</summary>
    public int PairCount => pairNumbers.Count;

    /// <summary>How many names are in use.</summary>
    public int NameCount => nameNumbers.Count;

    public int AcquireName(string text)
    {
        ref int known = ref CollectionsMarshal.GetValueRefOrAddDefault(nameNumbers, text, out bool exists);
        if (!exists)
        {
            known = freeNames.Count > 0 ? freeNames.Pop() : nameCount++;
            Growth.EnsureIndex(ref names, known);
            names[known] = new Name { Text = text, FirstPair = -1 };
        }
        names[known].Users++;
        return known;
    }

    public void ReleaseName(int name)
    {
        ref Name released = ref names[name];
        if (--released.Users > 0)
            return;
        nameNumbers.Remove(released.Text);
        released = default;
        freeNames.Push(name);
    }

    public int AcquirePair(string name, string value)
    {
        int nameNumber = AcquireName(name);
        ref int known = ref CollectionsMarshal.GetValueRefOrAddDefault(pairNumbers, new PairKey(nameNumber, value), out bool exists);
        if (exists)
            ReleaseName(nameNumber);
        else
            known = AddPair(nameNumber, value);
        pairs[known].Users++;
        return known;
    }

    public void ReleasePair(int pair)
    {
        ref Pair released = ref pairs[pair];
        if (--released.Users > 0)
            return;
        pairNumbers.Remove(new PairKey(released.Name, released.Value));
        Unlink(released);
        ReleaseName(released.Name);
        released = default;
        freePairs.Push(pair);
    }

    public int NameOf(int pair) => pairs[pair].Name;

    public string ValueOf(int pair) => pairs[pair].Value;

    /// <summary>The first pair with this name, or -1.</summary>
    public int FirstPairOf(int name) => names[name].FirstPair;

    /// <summary>The next pair with the same name, or -1.</summary>
    public int NextPair(int pair) => pairs[pair].Next;

    /// <summary>Puts pairs in the order of their names' numbers, which <see cref="Find"/> needs.</summary>
    public void Sort(Span<int> unsorted) => unsorted.Sort(new ByName(pairs));

    /// <summary>Finds the pair with this name in a sorted span, or -1.</summary>
    public int Find(int name, ReadOnlySpan<int> sorted)
    {
        Pair[] all = pairs;
        while (sorted.Length > ShortSearch)
        {
            int middle = sorted.Length / 2;
            sorted = all[sorted[middle]].Name <= name ? sorted[middle..] : sorted[..middle];
        }
        foreach (int pair in sorted)
        {
            if (all[pair].Name == name)
                return pair;
        }
        return -1;
    }

    private int AddPair(int name, string value)
    {
        int pair = freePairs.Count > 0 ? freePairs.Pop() : pairCount++;
        Growth.EnsureIndex(ref pairs, pair);
        ref int first = ref names[name].FirstPair;
        pairs[pair] = new Pair { Name = name, Value = value, Previous = -1, Next = first };
        if (first >= 0)
            pairs[first].Previous = pair;
        first = pair;
        return pair;
    }

    private void Unlink(in Pair pair)
    {
        if (pair.Previous >= 0)
            pairs[pair.Previous].Next = pair.Next;
        else
            names[pair.Name].FirstPair = pair.Next;
        if (pair.Next >= 0)
            pairs[pair.Next].Previous = pair.Previous;
    }

    private readonly record struct PairKey(int Name, string Value);

    private readonly struct ByName(Pair[] pairs) : IComparer<int>
    {
        public int Compare(int x, int y) => pairs[x].Name.CompareTo(pairs[y].Name);
    }

    private struct Name
    {
        public string Text;
        public int Users;
        public int FirstPair;
    }

    private struct Pair
    {
        public string Value;
        public int Name;
        public int Users;
        public int Previous;
        public int Next;
    }
}
