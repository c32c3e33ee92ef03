using Xunit;

namespace Canal.Testing.Rig;

/// <summary>The programs of BIRD 1.6, which <c>packaging/setup.sh test</c> puts into a folder: they cannot be installed beside BIRD 2.</summary>
public static class Bird16
{
    /// <summary>The program for IPv4.</summary>
    public static string Program => Find("bird");

    /// <summary>The program for IPv6.</summary>
    public static string Program6 => Find("bird6");

    /// <summary>Lines of bird-config-renderer.toml with which a renderer finds them; which version they are it asks.</summary>
    public static IReadOnlyCollection<string> Settings => [$"bird_program = \"{Program}\"", $"bird6_program = \"{Program6}\""];

    private static string Find(string name)
    {
        string path = Path.Combine(Repository.Root ?? "", "artifacts", "bird-1.6", "usr", "sbin", name);
        Assert.True(File.Exists(path), $"there is no {path}: packaging/setup.sh test fetches BIRD 1.6, where the machine's packages have it");
        return path;
    }
}
