using System.Security.Cryptography;
using Canal.Hosting;

namespace Canal.Felix.LastKnownGood;

/// <summary>
/// The file that holds the policy that was in force last: a line that names the format, the SHA-256 of the rest, and the rest, which is the batch that makes
/// nftables' table from nothing, or the scripts that do it with iptables. It is what the kernel is told, not what etcd said: loading it needs no calculation, only the host's own part is in it, and a newer
/// version of this program can load what an older one kept.
/// </summary>
internal static class KeptTable
{
    private static readonly byte[] Magic = "canal last known good 1\n"u8.ToArray();

    private const int HashLength = 32;

    /// <summary>Path of the file.</summary>
    public static string In(RuntimePaths paths) => Path.Combine(paths.State, "last-known-good");

    /// <summary>Replaces the file whole; a crash leaves the old one.</summary>
    /// <exception cref="IOException">It could not be written.</exception>
    public static void Write(string path, ReadOnlySpan<byte> batch)
    {
        AtomicFile.Write(path, [.. Magic, .. SHA256.HashData(batch)], batch, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    /// <summary>Reads it; null with a sentence when it is not there or not good, which is then no reason to stop.</summary>
    public static ReadOnlyMemory<byte>? Read(string path, out string? wrong)
    {
        try
        {
            return Check(File.ReadAllBytes(path), path, out wrong);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            wrong = e is FileNotFoundException or DirectoryNotFoundException ? $"{path} is not there yet" : $"{path}: {e.Message}";
            return null;
        }
    }

    private static ReadOnlyMemory<byte>? Check(ReadOnlyMemory<byte> content, string path, out string? wrong)
    {
        wrong = $"{path} is damaged";
        if (content.Length < Magic.Length + HashLength || !content.Span.StartsWith(Magic)) return null;
        ReadOnlyMemory<byte> batch = content[(Magic.Length + HashLength)..];
        if (!content.Span.Slice(Magic.Length, HashLength).SequenceEqual(SHA256.HashData(batch.Span))) return null;
        wrong = null;
        return batch;
    }
}
