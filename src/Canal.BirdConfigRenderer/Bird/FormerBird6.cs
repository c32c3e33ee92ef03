using Serilog;

namespace Canal.BirdConfigRenderer.Bird;

/// <summary>What a BIRD 1.6 leaves that this host had before: its process for IPv6 would go on telling neighbours what nobody keeps right any more.</summary>
internal static class FormerBird6
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Deletes its file, without which systemd does not start it again, and ends it.</summary>
    /// <exception cref="IOException">The file cannot be deleted; or <see cref="UnauthorizedAccessException"/>.</exception>
    public static async Task EndAsync(string path, string socket, ILogger log)
    {
        if (!File.Exists(path)) return;
        File.Delete(path);
        Log.FormerBird(log, path);
        try
        {
            await BirdSocket.AskOnceAsync(socket, Patience, CancellationToken.None, "down").ConfigureAwait(false);
        }
        catch (IOException)
        {
            // It does not run.
        }
    }
}
