using System.Net.Sockets;
using Canal.Hosting;

namespace Canal.Ctl;

/// <summary>Asks a daemon of this host.</summary>
internal static class ControlSocket
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>The answer to one request, a line; the daemon as its socket is named: <c>felix</c>.</summary>
    /// <exception cref="CommandException">It does not answer, or says no.</exception>
    public static async Task<string> AskAsync(string daemon, string request, Surroundings around, CancellationToken stop)
    {
        string path = Path.Combine(RuntimePaths.FromEnvironment(around.Environment).Runtime, $"{daemon}.sock");
        using CancellationTokenSource enough = CancellationTokenSource.CreateLinkedTokenSource(stop);
        enough.CancelAfter(Patience);
        try
        {
            ControlResponse answer = await ControlSocketClient.AskAsync(path, request, enough.Token);
            return answer.Error is null ? answer.Body : throw new CommandException(ExitCode.Failure, $"canal-{daemon}: {answer.Error}");
        }
        catch (IOException error)
        {
            bool forbidden = error.InnerException is SocketException { SocketErrorCode: SocketError.AccessDenied };
            throw new CommandException(forbidden ? ExitCode.Permission : ExitCode.Unavailable, $"canal-{daemon}: {error.Message}");
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new CommandException(ExitCode.Unavailable, $"canal-{daemon}: no answer on {path} within {Patience.TotalSeconds:0} s");
        }
    }
}
