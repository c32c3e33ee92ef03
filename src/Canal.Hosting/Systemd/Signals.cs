using System.Runtime.InteropServices;
using System.Threading.Channels;

namespace Canal.Hosting;

/// <summary>
/// The signals of a daemon: SIGTERM and SIGINT cancel <see cref="Stop"/> (a second one kills, for a loop that hangs), SIGHUP puts a request into <see cref="Reloads"/>.
/// </summary>
public sealed class Signals : IDisposable
{
    // One place: hang-ups that come while one is still waiting ask for the same reload.
    private readonly Channel<bool> _reloads = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly CancellationTokenSource _stop = new();
    private readonly PosixSignalRegistration[] _registrations;

    public Signals()
    {
        _registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnStop),
            PosixSignalRegistration.Create(PosixSignal.SIGINT, OnStop),
            PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnHangUp),
        ];
    }

    public CancellationToken Stop => _stop.Token;

    /// <summary>One item for each reload that was asked for and not yet begun.</summary>
    public ChannelReader<bool> Reloads => _reloads.Reader;

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
            registration.Dispose();
        _stop.Dispose();
    }

    private void OnStop(PosixSignalContext context)
    {
        context.Cancel = !_stop.IsCancellationRequested;
        if (context.Cancel)
            _stop.Cancel();
    }

    private void OnHangUp(PosixSignalContext context)
    {
        context.Cancel = true;
        _reloads.Writer.TryWrite(true);
    }
}
