using System.Text;
using Canal.Core.Flannel;
using Canal.Hosting;

namespace Canal.FlannelBridge;

/// <summary>Keeps subnet.env: readers see the old one or the new one, never a part.</summary>
/// <param name="path">Where it is.</param>
internal sealed class SubnetFileWriter(string path)
{
    private const UnixFileMode FileMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const int LongestFile = 64 * 1024;

    private string? written;

    /// <summary>It has been written since the start.</summary>
    public bool IsWritten => written is not null;

    /// <summary>What an earlier run, or a flanneld before, left; null when there is nothing to read.</summary>
    public SubnetFile? Read()
    {
        try
        {
            FileInfo file = new(path);
            return file.Exists && file.Length <= LongestFile ? SubnetFile.Read(File.ReadAllText(path)) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // Writing the same file will tell what is wrong with it.
        }
    }

    /// <summary>Writes it where it is another than before.</summary>
    /// <exception cref="IOException">With the path, as a sentence.</exception>
    public void Write(SubnetFile content)
    {
        string text = content.Write();
        if (text == written) return;
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        if (!File.Exists(path) || File.ReadAllText(path) != text) AtomicFile.Write(path, Encoding.ASCII.GetBytes(text), FileMode);
        written = text;
    }
}
