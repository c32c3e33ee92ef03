namespace Canal.Core.Calculation;

/// <summary>How many local endpoints name each profile.</summary>
internal sealed class ProfileUses
{
    private readonly Dictionary<string, int> uses = new(StringComparer.Ordinal);

    /// <summary>Profiles that came into or fell out of use, or changed; the caller empties it.</summary>
    public HashSet<string> Dirty { get; } = new(StringComparer.Ordinal);

    /// <summary>Some local endpoint names the profile.</summary>
    public bool Has(string profile) => uses.ContainsKey(profile);

    public void Add(EquatableArray<string> profiles)
    {
        foreach (string profile in profiles) Count(profile, 1);
    }

    public void Remove(EquatableArray<string> profiles)
    {
        foreach (string profile in profiles) Count(profile, -1);
    }

    private void Count(string profile, int difference)
    {
        int count = uses.GetValueOrDefault(profile) + difference;
        if (count == 0) uses.Remove(profile);
        else uses[profile] = count;
        if (count == 0 || (count == 1 && difference == 1)) Dirty.Add(profile);
    }
}
