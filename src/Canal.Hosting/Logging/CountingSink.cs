using System.Net.Sockets;
using Serilog.Core;
using Serilog.Events;

namespace Canal.Hosting;

/// <summary>A sink that would rather lose a message than stop the caller, and counts what it lost.</summary>
internal abstract class CountingSink : ILogEventSink, IDisposable
{
    private long _dropped;

    public long Dropped => Interlocked.Read(ref _dropped);

    public void Emit(LogEvent logEvent)
    {
        try
        {
            if (!TryWrite(logEvent))
                Interlocked.Increment(ref _dropped);
        }
        catch (Exception error) when (error is SocketException or IOException or UnauthorizedAccessException or ObjectDisposedException or FormatException)
        {
            Interlocked.Increment(ref _dropped);
        }
    }

    public abstract void Dispose();

    /// <summary>False when the message was not taken.</summary>
    protected abstract bool TryWrite(LogEvent logEvent);
}
