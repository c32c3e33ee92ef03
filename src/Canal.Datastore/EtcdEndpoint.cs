using System.Net.Security;
using System.Net.Sockets;
using Etcdserverpb;
using Grpc.Core;
using Grpc.Net.Client;

namespace Canal.Datastore;

/// <summary>One etcd member and the connection to it, which is made when first needed and again whenever it broke.</summary>
internal sealed class EtcdEndpoint : IDisposable
{
    /// <summary>Above any server's max-request-bytes in use, which bounds a watch fragment; pages are kept far below it.</summary>
    public const int MaxReceiveBytes = 64 << 20;

    private readonly GrpcChannel? channel;

    /// <summary>A member reached by <paramref name="invoker"/>; for tests that play the server.</summary>
    internal EtcdEndpoint(string name, CallInvoker invoker)
    {
        Name = name;
        Invoker = invoker;
        Kv = new KV.KVClient(invoker);
        Lease = new Lease.LeaseClient(invoker);
        Watch = new Watch.WatchClient(invoker);
        Auth = new Auth.AuthClient(invoker);
    }

    private EtcdEndpoint(EndpointAddress address, GrpcChannel channel)
        : this(address.Text, channel.CreateCallInvoker()) => this.channel = channel;

    /// <summary>The address as the operator wrote it.</summary>
    public string Name { get; }

    public CallInvoker Invoker { get; }

    public KV.KVClient Kv { get; }

    public Lease.LeaseClient Lease { get; }

    public Watch.WatchClient Watch { get; }

    public Auth.AuthClient Auth { get; }

    public static EtcdEndpoint Open(EndpointAddress address, EtcdOptions options, SslClientAuthenticationOptions tls) => new(
        address,
        GrpcChannel.ForAddress(address.Channel, new GrpcChannelOptions
        {
            // No ServiceConfig: gRPC must not repeat a write whose answer was lost.
            HttpHandler = Connector(address, options, tls),
            DisposeHttpClient = true,
            MaxReceiveMessageSize = MaxReceiveBytes,
        }));

    public void Dispose() => channel?.Dispose();

    private static SocketsHttpHandler Connector(EndpointAddress address, EtcdOptions options, SslClientAuthenticationOptions tls) => new()
    {
        ConnectTimeout = options.ConnectTimeout,
        KeepAlivePingDelay = options.KeepAliveInterval,
        KeepAlivePingTimeout = options.KeepAliveTimeout,
        // etcd runs without PermitWithoutStream: pings on an idle connection would get it closed.
        KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
        SslOptions = tls,
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        ActivityHeadersPropagator = null,
        // Our own connect also keeps gRPC from adding its reconnect pauses of 1 s and more to ours.
        ConnectCallback = (_, stop) => ConnectAsync(address, stop),
    };

    private static async ValueTask<Stream> ConnectAsync(EndpointAddress address, CancellationToken stop)
    {
        Socket socket = address.Socket is UnixDomainSocketEndPoint
            ? new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(address.Socket, stop);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
