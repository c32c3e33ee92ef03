namespace Canal.Core.Labels;

/// <summary>How the index's arrays grow: doubling while small, by a quarter once that would waste megabytes.</summary>
internal static class Growth
{
    private const int Large = 1 << 16;

    /// <summary>Makes <paramref name="array"/> long enough to have an element <paramref name="index"/>; new elements are zero.</summary>
    public static void EnsureIndex<T>(ref T[] array, int index)
    {
        if (index < array.Length)
            return;
        int grown = array.Length < Large ? array.Length * 2 : array.Length + (array.Length / 4);
        Array.Resize(ref array, Math.Max(Math.Max(grown, 4), index + 1));
    }
}
