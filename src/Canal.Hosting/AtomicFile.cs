using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Canal.Hosting;

/// <summary>Replaces files whole: a reader, or a crash at any moment, sees the old content or the new, never a part.</summary>
public static class AtomicFile
{
    private const string TemporaryPattern = ".canal-*.tmp";

    /// <summary>Writes beside the file, flushes, renames over it, flushes the directory. A symbolic link at the path is replaced, not followed. On failure the old file stands.</summary>
    /// <param name="mode">Exactly this, whatever the umask.</param>
    /// <exception cref="IOException">With the path, as a sentence.</exception>
    public static void Write(string path, ReadOnlySpan<byte> content, UnixFileMode mode) => Write(path, default, content, mode);

    /// <summary>As <see cref="Write(string, ReadOnlySpan{byte}, UnixFileMode)"/>, but not flushed to the disk, which may take milliseconds: for what is made anew after a boot.</summary>
    /// <inheritdoc cref="Write(string, ReadOnlySpan{byte}, UnixFileMode)"/>
    public static void WriteTransient(string path, ReadOnlySpan<byte> content, UnixFileMode mode) => Write(path, default, content, mode, durable: false);

    /// <summary>The same of two parts, so that a large one need not be copied behind a header.</summary>
    /// <inheritdoc cref="Write(string, ReadOnlySpan{byte}, UnixFileMode)"/>
    public static void Write(string path, ReadOnlySpan<byte> head, ReadOnlySpan<byte> content, UnixFileMode mode) => Write(path, head, content, mode, durable: true);

    /// <summary>Deletes what a write that was cut off has left in a folder: files of ours that nobody has written to for a minute, since others may write there now.</summary>
    public static void Sweep(string directory, DateTimeOffset now)
    {
        if (!Directory.Exists(directory)) return;
        foreach (string left in Directory.EnumerateFiles(directory, TemporaryPattern))
            if (now - File.GetLastWriteTimeUtc(left) > TimeSpan.FromMinutes(1)) File.Delete(left);
    }

    private static void Write(string path, ReadOnlySpan<byte> head, ReadOnlySpan<byte> content, UnixFileMode mode, bool durable)
    {
        string full = Path.GetFullPath(path);
        string directory = Path.GetDirectoryName(full) ?? throw new IOException($"{path} is not a file's name");
        string temporary = Path.Combine(directory, TemporaryPattern.Replace("*", Guid.NewGuid().ToString("N"), StringComparison.Ordinal));
        try
        {
            WriteTemporary(temporary, head, content, mode, durable);
            File.Move(temporary, full, overwrite: true);
            if (durable)
                FlushDirectory(directory);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            if (File.Exists(temporary))
                File.Delete(temporary);
            throw new IOException($"write {path}: {error.Message}", error);
        }
    }

    private static void WriteTemporary(string path, ReadOnlySpan<byte> head, ReadOnlySpan<byte> content, UnixFileMode mode, bool durable)
    {
        FileStreamOptions options = new()
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.None,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            BufferSize = 0,
        };
        using FileStream file = new(path, options);
        File.SetUnixFileMode(file.SafeFileHandle, mode);
        file.Write(head);
        file.Write(content);
        file.Flush(flushToDisk: durable);
    }

    // The new name is in the directory; without this it may be gone after a power cut although the content is on the disk.
    private static void FlushDirectory(string directory)
    {
        using SafeFileHandle handle = new(Native.Open(directory, Native.O_RDONLY | Native.O_CLOEXEC), ownsHandle: true);
        if (handle.IsInvalid || Native.FSync(handle) != 0)
            throw new IOException($"fsync {directory}: {Marshal.GetLastPInvokeErrorMessage()}");
    }
}
