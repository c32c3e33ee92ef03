using System.Diagnostics;

namespace Canal.Hosting.Tests;

public sealed class AtomicFileTests
{
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite;

    [Fact]
    public void The_file_has_the_new_content_and_exactly_the_mode()
    {
        using TemporaryFolder folder = new();
        string path = folder.Write("f", "old");
        AtomicFile.Write(path, "new"u8, Mode);
        Assert.Equal(("new", Mode), (File.ReadAllText(path), File.GetUnixFileMode(path)));
        Assert.Equal([path], Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void A_reader_of_the_old_file_keeps_it()
    {
        using TemporaryFolder folder = new();
        string path = folder.Write("f", "old");
        using StreamReader reader = new(path);
        AtomicFile.Write(path, "new"u8, Mode);
        Assert.Equal("old", reader.ReadToEnd());
    }

    [Fact]
    public void What_a_write_that_was_cut_off_left_is_swept_when_it_is_old()
    {
        using TemporaryFolder folder = new();
        string old = folder.Write(".canal-0.tmp", "x"), young = folder.Write(".canal-1.tmp", "x"), others = folder.Write(".canal-2", "x");
        foreach (string file in (string[])[old, others]) File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddMinutes(-2));
        AtomicFile.Sweep(folder.Path, DateTimeOffset.UtcNow);
        Assert.Equal((false, true, true), (File.Exists(old), File.Exists(young), File.Exists(others)));
        AtomicFile.Sweep(folder.At("missing"), DateTimeOffset.UtcNow);
    }

    [Fact]
    public void A_failure_leaves_what_was_there_and_no_debris()
    {
        using TemporaryFolder folder = new();
        string inTheWay = folder.At("directory");
        folder.Write("directory/f", "old");
        IOException error = Assert.Throws<IOException>(() => AtomicFile.Write(inTheWay, "new"u8, Mode));
        Assert.StartsWith($"write {inTheWay}: ", error.Message, StringComparison.Ordinal);
        Assert.Equal("old", File.ReadAllText(folder.At("directory/f")));
        Assert.Equal([inTheWay], Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void A_full_disk_leaves_the_old_file()
    {
        using TemporaryFolder folder = new();
        Assert.SkipUnless(Run("mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", folder.Path) == 0, "mounting a small tmpfs needs root");
        try
        {
            string path = folder.Write("f", "old");
            IOException error = Assert.Throws<IOException>(() => AtomicFile.Write(path, new byte[64 * 1024], Mode));
            Assert.Contains("No space left on device", error.Message, StringComparison.Ordinal);
            Assert.Equal("old", File.ReadAllText(path));
            Assert.Equal([path], Directory.GetFileSystemEntries(folder.Path));
        }
        finally
        {
            Assert.Equal(0, Run("umount", folder.Path));
        }
    }

    [Fact]
    public void A_missing_directory_is_an_error_with_the_path()
    {
        using TemporaryFolder folder = new();
        Assert.StartsWith($"write {folder.At("no/f")}: ", Assert.Throws<IOException>(() => AtomicFile.Write(folder.At("no/f"), "x"u8, Mode)).Message, StringComparison.Ordinal);
    }

    private static int Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode;
    }
}
