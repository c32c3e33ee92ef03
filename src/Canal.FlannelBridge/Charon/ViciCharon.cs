using System.Security.Cryptography;
using Canal.Core.Addressing;
using Canal.Core.Flannel;

namespace Canal.FlannelBridge.Charon;

/// <summary>charon by its control socket. The connection is made when it is first wanted, and again when charon is another.</summary>
internal sealed class ViciCharon(string path) : ICharon, IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(300);

    private readonly TaskCompletionSource wanted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ViciClient? client;

    /// <summary>Ends when a network first wants charon, whose policies are in the kernel by then.</summary>
    public Task Wanted => wanted.Task;

    public bool Attach()
    {
        wanted.TrySetResult();
        if (client is { IsOpen: true }) return false;
        client?.Dispose();
        client = null;
        client = ViciClient.Open(path);
        return true;
    }

    public IReadOnlyCollection<string> Connections() => Do(c => c.Ask("get-conns", new ViciSection())).List("conns");

    public IReadOnlySet<string> Established() => Do(c => c.AskAll("list-sas", "list-sa"))
        .SelectMany(part => part.Sections)
        .Where(sa => sa.Value.Sections.GetValueOrDefault("child-sas")?.Sections.Values.Any(child => child.Text("state") is "INSTALLED" or "REKEYING" or "REKEYED") == true)
        .Select(sa => sa.Key).ToHashSet(StringComparer.Ordinal);

    public void Load(IpsecConnection connection) => Do(c => c.Ask("load-conn", connection.Message()));

    public void Unload(string name)
    {
        Try(c => c.Ask("unload-conn", new ViciSection().Set("name", name)));
        // What is established, or is being tried, goes on without its connection.
        Try(c => c.Ask("terminate", new ViciSection().Set("ike", name).Set("force", "yes").Set("timeout", "-1")));
    }

    public void LoadSecret(string id, IpsecSecret secret, IEnumerable<IpAddress> owners)
    {
        byte[] bytes = secret.ToBytes();
        try
        {
            Do(c => c.Ask("load-shared", new ViciSection().Set("id", id).Set("type", "IKE").Set("data", bytes).Set("owners", [.. owners.Select(o => o.ToString())])));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(bytes);
        }
    }

    public void UnloadSecret(string id) => Try(c => c.Ask("unload-shared", new ViciSection().Set("id", id)));

    /// <summary>What is not there need not be taken away.</summary>
    private void Try(Func<ViciClient, ViciSection> request)
    {
        try
        {
            Do(request);
        }
        catch (ViciRefusal)
        {
        }
    }

    /// <summary>After anything but a no, what comes next on the connection is not known.</summary>
    private T Do<T>(Func<ViciClient, T> request)
    {
        try
        {
            return request(client ?? throw new ViciException("there is no connection to charon"));
        }
        catch (ViciException e) when (e is not ViciRefusal)
        {
            client?.Dispose();
            client = null;
            throw;
        }
    }

    /// <summary>Once charon is wanted: tells when it comes, when it goes, and when a security association does.</summary>
    public async Task WatchAsync(Func<Task> changed, CancellationToken stop)
    {
        await wanted.Task.WaitAsync(stop).ConfigureAwait(false);
        while (true)
        {
            try
            {
                using ViciClient watch = ViciClient.Open(path);
                watch.Register("child-updown");
                do await changed().ConfigureAwait(false);
                while (await watch.WaitAsync(stop).ConfigureAwait(false));
                await changed().ConfigureAwait(false);
            }
            catch (ViciException)
            {
                // Whoever wants it says so.
            }
            await Task.Delay(Pause, stop).ConfigureAwait(false);
        }
    }

    public void Dispose() => client?.Dispose();
}
