using Canal.Datastore;

namespace Canal.Cni;

/// <summary>Whether an ADD could succeed now.</summary>
internal static class Readiness
{
    /// <exception cref="CniException">It could not: code 50, as STATUS wants it.</exception>
    public static async Task CheckAsync(CniCall call, CancellationToken stop)
    {
        await using Cluster cluster = new(CniSettings.Load(call));
        try
        {
            await cluster.ReadAsync([], stop);
        }
        catch (Exception e) when (e is EtcdException or CniException { Code: CniCode.TryLater })
        {
            throw new CniException(CniCode.NotAvailable, e.Message);
        }
    }
}
