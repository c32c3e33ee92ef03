using System.Globalization;
using System.Text;
using Serilog.Events;

namespace Canal.Hosting;

/// <summary>
/// Lines with time and level, appended to a file that is opened for each of them: whoever rotates it, or takes it away, need tell nobody. A message that the
/// file does not take is lost here and counted; it is in the log itself.
/// </summary>
internal sealed class FileSink : CountingSink
{
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;

    private readonly Lock _oneAtATime = new();
    private volatile string _path = "";

    /// <summary>Appends to this file from now on; empty: to none. Returns why it cannot be written, once, else null.</summary>
    public string? Open(string path)
    {
        if (path == _path) return null;
        try
        {
            if (path.Length > 0) Append(path, []);
            return null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return error.Message;
        }
        finally
        {
            _path = path;
        }
    }

    public override void Dispose()
    {
    }

    protected override bool TryWrite(LogEvent logEvent)
    {
        if (_path is not { Length: > 0 } path) return true;
        string start = logEvent.Timestamp.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z '", CultureInfo.InvariantCulture) + LinePrefix.Level(logEvent.Level);
        byte[] lines = Encoding.UTF8.GetBytes(LogText.Lines(logEvent, start));
        lock (_oneAtATime) Append(path, lines);
        return true;
    }

    private static void Append(string path, ReadOnlySpan<byte> lines)
    {
        using FileStream file = new(path, new FileStreamOptions { Mode = FileMode.Append, Access = FileAccess.Write, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0, UnixCreateMode = Mode });
        file.Write(lines);
    }
}
