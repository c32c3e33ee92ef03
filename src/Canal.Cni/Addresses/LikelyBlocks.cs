using System.Text;
using Canal.Core.Addressing;
using Canal.Hosting;

namespace Canal.Cni;

/// <summary>Remembers which blocks this host took addresses from last, so that they can be read ahead. Only a guess: it may be wrong, old, or missing.</summary>
internal sealed class LikelyBlocks(string node)
{
    private const string Folder = "/run/canal";
    private readonly string file = Path.Combine(Folder, $"ipam-blocks-{node}");

    public List<Cidr> Read()
    {
        List<Cidr> blocks = [];
        try
        {
            foreach (string line in File.ReadAllLines(file))
                if (Cidr.TryParse(line, out Cidr block)) blocks.Add(block);
        }
        catch (IOException)
        {
        }
        return blocks.Count > 4 ? [] : blocks;
    }

    public void Write(IEnumerable<Cidr> blocks)
    {
        Cidr[] now = [.. blocks.Distinct()];
        if (now.SequenceEqual(Read())) return;
        try
        {
            Directory.CreateDirectory(Folder);
            AtomicFile.WriteTransient(file, Encoding.ASCII.GetBytes(string.Join('\n', now)), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }
}
