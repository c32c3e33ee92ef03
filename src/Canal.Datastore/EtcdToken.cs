using Etcdserverpb;
using Grpc.Core;

namespace Canal.Datastore;

/// <summary>The token that stands for user and password, fetched when first needed and again after it was refused.</summary>
internal sealed class EtcdToken(string? username, string? password) : IDisposable
{
    /// <summary>Metadata key of etcd's gRPC interface (rpctypes.TokenFieldNameGRPC).</summary>
    private const string Header = "token";

    private readonly SemaphoreSlim fetching = new(1, 1);
    private Metadata? header;

    /// <summary>Headers for a request; null when requests are sent without a token.</summary>
    /// <exception cref="RpcException">etcd refused the password or could not be asked.</exception>
    public async ValueTask<Metadata?> HeaderAsync(EtcdEndpoint endpoint, DateTime deadline, CancellationToken stop)
    {
        if (string.IsNullOrEmpty(username))
            return null;
        if (Volatile.Read(ref header) is { } known)
            return known;
        // One request at a time: etcd spends a tenth of a second of CPU on each password (bcrypt).
        await fetching.WaitAsync(stop);
        try
        {
            return header ??= await FetchAsync(endpoint, deadline, stop);
        }
        finally
        {
            fetching.Release();
        }
    }

    /// <summary>Drops a token that was refused, unless a newer one has already replaced it.</summary>
    public void Forget(Metadata? refused) => Interlocked.CompareExchange(ref header, null, refused);

    public void Dispose() => fetching.Dispose();

    private async Task<Metadata> FetchAsync(EtcdEndpoint endpoint, DateTime deadline, CancellationToken stop)
    {
        AuthenticateRequest request = new() { Name = username, Password = password };
        try
        {
            AuthenticateResponse answer = await endpoint.Auth.AuthenticateAsync(request, deadline: deadline, cancellationToken: stop);
            return new Metadata { { Header, answer.Token } };
        }
        catch (RpcException error) when (error.Status.Detail == RpcFailure.AuthenticationOff)
        {
            // As etcd's own client does: a cluster without authentication serves everybody.
            return Metadata.Empty;
        }
    }
}
