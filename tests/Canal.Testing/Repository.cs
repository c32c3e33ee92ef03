namespace Canal.Testing;

/// <summary>The source tree that the running test was built from.</summary>
public static class Repository
{
    /// <summary>The folder of Canal.sln; null when the test was copied elsewhere.</summary>
    public static string? Root { get; } = Find();

    private static string? Find()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
            if (File.Exists(Path.Combine(at.FullName, "Canal.sln"))) return at.FullName;
        return null;
    }
}
