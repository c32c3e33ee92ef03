using System.Globalization;
using System.Text;
using Canal.Hosting;

namespace Canal.Felix.Overlay;

/// <summary>The file by which Calico's CNI plugin, and ours, learn how much a workload may send in one packet: a decimal number.</summary>
/// <param name="path">Where it is; empty: nowhere.</param>
internal sealed class MtuFile(string path)
{
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private uint written;
    private string? told;

    /// <summary>Writes the number where it is another than before. Returns why it could not, once.</summary>
    public string? Set(uint mtu)
    {
        if (path.Length == 0 || mtu == 0 || mtu == written) return null;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            AtomicFile.Write(path, Encoding.ASCII.GetBytes(mtu.ToString(CultureInfo.InvariantCulture)), Mode);
            (written, told) = (mtu, null);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            string problem = $"mtu_file {path} cannot be written: {e.Message}";
            if (told == problem) return null;
            return told = problem;
        }
    }
}
