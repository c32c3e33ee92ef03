using Xunit;

namespace Canal.Testing.Rig;

/// <summary>Finds the native binaries under test: <c>CANAL_BIN_DIR</c>, else <c>artifacts/bin</c> beside Canal.sln.</summary>
public static class Binary
{
    /// <summary>Full path of a binary; fails the test, saying what to do, when it was not built.</summary>
    public static string Find(string name)
    {
        string? folder = Environment.GetEnvironmentVariable("CANAL_BIN_DIR") is { Length: > 0 } named ? named : Artifacts();
        string path = Path.Combine(folder ?? "artifacts/bin", name);
        Assert.True(File.Exists(path), folder is null || folder == Artifacts() ? $"artifacts/bin/{name} not found: run make build" : $"{path} not found: CANAL_BIN_DIR points to the wrong folder");
        return path;
    }

    private static string? Artifacts() => Repository.Root is { } root ? Path.Combine(root, "artifacts", "bin") : null;
}
