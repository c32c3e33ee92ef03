using Canal.Core.Flannel;
using Canal.FlannelBridge.Telling;

namespace Canal.FlannelBridge.Leases;

/// <summary>
/// The network as etcd told it last, in a file that only the agent's user reads: an agent that starts while etcd does not answer keeps, and heals, what is in
/// the kernel. Written a moment after changes, not with each.
/// </summary>
internal sealed class LastNetwork(TextFile file, string prefix, TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    private DateTimeOffset? due;
    private DateTimeOffset earliest;

    /// <summary>Why it could not be written.</summary>
    public string? Reason => file.Reason;

    /// <summary>When it is to be written; null when there is nothing to.</summary>
    public DateTimeOffset? Due => due;

    /// <summary>Name of the file of the network under this prefix: a host may be in several.</summary>
    public static string FileName(string prefix) => $"flannel-network-{prefix[1..].Replace('/', '-')}";

    /// <summary>Something is different now.</summary>
    public void Changed() => due ??= earliest;

    /// <summary>Writes it if it is time.</summary>
    public void Write(Func<KnownNetwork> now)
    {
        if (due is null || due > time.GetUtcNow()) return;
        file.Write(now().Write());
        earliest = time.GetUtcNow() + Pause;
        due = file.RetryAt;
    }

    /// <summary>What was written last; null when there is nothing that can be used.</summary>
    public KnownNetwork? Read()
    {
        try
        {
            return file.Read() is { } text ? KnownNetwork.Read(text, $"{prefix}/subnets/") : null;
        }
        catch (FlannelFormatException)
        {
            return null; // As if there had been none; the next network overwrites it.
        }
    }
}
