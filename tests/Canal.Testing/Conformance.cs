using Xunit;

namespace Canal.Testing;

/// <summary>Finds the conformance data, which is kept outside the project, by the environment variable <c>CANAL_CONFORMANCE</c>.</summary>
public static class Conformance
{
    /// <summary>The folder, or null when there is none on this machine.</summary>
    public static string? Folder { get; } = Find();

    /// <summary>Path of a file or folder inside the data; the calling test is skipped, with the reason, when the data is not here.</summary>
    public static string Require(string relativePath)
    {
        Assert.SkipWhen(Folder is null, "CANAL_CONFORMANCE is not set");
        string path = Path.Combine(Folder!, relativePath);
        Assert.True(Path.Exists(path), $"conformance data is incomplete: {relativePath} is missing");
        return path;
    }

    private static string? Find()
    {
        string? named = Environment.GetEnvironmentVariable("CANAL_CONFORMANCE");
        if (string.IsNullOrEmpty(named)) return null;
        return Directory.Exists(named) ? Path.GetFullPath(named) : throw new DirectoryNotFoundException($"CANAL_CONFORMANCE={named}: no such directory");
    }
}
