using Canal.Core.Resources;
using Canal.Hosting;

namespace Canal.Docker;

/// <summary>The networks that Docker has made with this driver, a file each: Docker tells of them once, and not again after a restart.</summary>
internal sealed class NetworkTable(string folder)
{
    private const string Extension = ".json";

    /// <summary>Their ids.</summary>
    public IReadOnlyList<string> Ids => Directory.Exists(folder) ? [.. Directory.EnumerateFiles(folder, $"*{Extension}").Select(file => Path.GetFileNameWithoutExtension(file))] : [];

    public void Put(string id, EndpointOptions options)
    {
        Directory.CreateDirectory(folder);
        AtomicFile.Write(FileOf(id), ResourceDocument.From(options.ToJson()).ToBytes(), UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    /// <summary>None is fine.</summary>
    public void Remove(string id)
    {
        if (File.Exists(FileOf(id))) File.Delete(FileOf(id));
    }

    /// <summary>Null when there is no such network.</summary>
    public EndpointOptions? TryFind(string id)
    {
        if (!File.Exists(FileOf(id))) return null;
        ResourceDocument document = ResourceDocument.Parse(File.ReadAllBytes(FileOf(id)), out Problem problem) ?? throw new DriverException($"{FileOf(id)} {problem}");
        return EndpointOptions.Read(document.Root);
    }

    private string FileOf(string id) => Path.Combine(folder, id + Extension);
}
