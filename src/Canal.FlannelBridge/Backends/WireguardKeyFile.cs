using System.Security.Cryptography;
using System.Text;
using Canal.Core.Overlay;
using Canal.Hosting;

namespace Canal.FlannelBridge.Backends;

/// <summary>
/// This host's private key, in a file that only the agent's user reads: other hosts know the public key of it, so a device that is made again, and a host that
/// was started again, must have the same. The text is base 64, as flannel and wg(8) write it.
/// </summary>
internal sealed class WireguardKeyFile(string path)
{
    /// <summary>Name of the file in the agent's state directory.</summary>
    public const string Name = "flannel-wireguard-key";

    private const int LongestText = 256;

    /// <summary>The key; it is made, and kept, where there is none yet. The caller clears it.</summary>
    /// <exception cref="IOException">The file cannot be read or written, or holds something else.</exception>
    public byte[] Read()
    {
        try
        {
            FileInfo file = new(path);
            return !file.Exists ? Make() : file.Length <= LongestText && KeyOf(File.ReadAllText(path).Trim()) is { } key ? key : throw new IOException($"{path} holds no WireGuard key; without the file a new one is made");
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException(e.Message, e);
        }
    }

    private byte[] Make()
    {
        byte[] key = RandomNumberGenerator.GetBytes(WireGuardKey.Length);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        AtomicFile.Write(path, Encoding.ASCII.GetBytes($"{Convert.ToBase64String(key)}\n"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return key;
    }

    private static byte[]? KeyOf(string text)
    {
        byte[] key = new byte[WireGuardKey.Length];
        return Convert.TryFromBase64String(text, key, out int length) && length == key.Length ? key : null;
    }
}
