using System.Text;

namespace Canal.Datastore.Tests;

/// <summary>Short ways to the things nearly every test needs.</summary>
internal static class Etcd
{
    public const string Prefix = "/test/";

    /// <summary>The defaults, but for the shortest keep-alive interval .NET allows: faults show in seconds, and a slow machine is none.</summary>
    public static EtcdOptions Options(params string[] endpoints) => new()
    {
        Endpoints = endpoints,
        KeepAliveInterval = TimeSpan.FromSeconds(1),
        KeepAliveTimeout = TimeSpan.FromSeconds(5),
        RequestTimeout = TimeSpan.FromSeconds(15),
    };

    public static EtcdChannel Channel(params string[] endpoints) => new(Options(endpoints), TimeProvider.System);

    public static EtcdWatcher Watcher(EtcdChannel channel, EtcdWatcherOptions? options = null, params string[] prefixes) => new(
        channel,
        (prefixes.Length == 0 ? [Prefix] : prefixes).Select(KeyRange.Prefix).ToArray(),
        options ?? new EtcdWatcherOptions { BackoffMost = TimeSpan.FromSeconds(1) },
        TimeProvider.System,
        new Random(1));

    public static EtcdTransaction Put(this EtcdTransaction transaction, string key, string value, long lease = 0) =>
        transaction.Put(key, Encoding.UTF8.GetBytes(value), lease);

    public static async Task<long> PutAsync(this EtcdStore store, string key, string value) =>
        (await store.CommitAsync(new EtcdTransaction().Put(key, value), Stop)).Revision;

    public static async Task<long> DeleteAsync(this EtcdStore store, string key) =>
        (await store.CommitAsync(new EtcdTransaction().Delete(key), Stop)).Revision;

    /// <summary>Puts this many keys, a hundred to a transaction.</summary>
    public static async Task FillAsync(this EtcdStore store, string prefix, int count, int valueBytes)
    {
        byte[] value = new byte[valueBytes];
        Array.Fill(value, (byte)'x');
        int each = Math.Clamp(1_000_000 / valueBytes, 1, 100);
        for (int done = 0; done < count; done += each)
        {
            EtcdTransaction transaction = new();
            for (int i = done; i < Math.Min(count, done + each); i++)
                transaction.Put($"{prefix}{i:d8}", value);
            await store.CommitAsync(transaction, Stop);
        }
    }

    public static string Text(this EtcdEntry entry) => Encoding.UTF8.GetString(entry.Value.Span);

    public static CancellationToken Stop => TestContext.Current.CancellationToken;
}
