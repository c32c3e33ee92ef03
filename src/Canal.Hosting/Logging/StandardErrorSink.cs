using System.Text;
using Microsoft.Win32.SafeHandles;
using Serilog.Events;

namespace Canal.Hosting;

/// <summary>
/// Lines on standard error, each with a prefix; an exception follows on lines of its own. A reader that does not read (a stopped pager, a full pipe) is waited for once for
/// <see cref="Patience"/>, then not at all until it reads again.
/// </summary>
internal sealed class StandardErrorSink(SafeFileHandle file, Func<LogEventLevel, string> prefix) : CountingSink
{
    // A pipe that is ready to be written to takes this much without blocking (PIPE_BUF, pipe(7)).
    private const int ChunkBytes = 4096;

    private readonly Lock _oneAtATime = new();
    private bool _stalled;

    public static TimeSpan Patience { get; } = TimeSpan.FromMilliseconds(100);

    public static StandardErrorSink OnStandardError(Func<LogEventLevel, string> prefix) => new(new SafeFileHandle(2, ownsHandle: false), prefix);

    public override void Dispose() => file.Dispose();

    protected override bool TryWrite(LogEvent logEvent)
    {
        byte[] lines = Encoding.UTF8.GetBytes(LogText.Lines(logEvent, prefix(logEvent.Level)));
        lock (_oneAtATime)
            return TryWrite(lines);
    }

    private bool TryWrite(ReadOnlySpan<byte> lines)
    {
        while (!lines.IsEmpty)
        {
            int written = WriteChunk(lines[..Math.Min(lines.Length, ChunkBytes)]);
            if (written <= 0)
                return false;
            lines = lines[written..];
        }
        return true;
    }

    private unsafe int WriteChunk(ReadOnlySpan<byte> chunk)
    {
        Native.PollDescriptor descriptor = new() { Descriptor = (int)file.DangerousGetHandle(), Events = Native.POLLOUT };
        _stalled = Native.Poll(&descriptor, 1, _stalled ? 0 : (int)Patience.TotalMilliseconds) <= 0 || (descriptor.Returned & Native.POLLOUT) == 0;
        if (_stalled)
            return 0;
        fixed (byte* content = chunk)
            return (int)Native.Write(file, content, (nuint)chunk.Length);
    }
}
