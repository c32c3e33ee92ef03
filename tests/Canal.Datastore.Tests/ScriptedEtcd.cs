using System.Threading.Channels;
using Etcdserverpb;
using Google.Protobuf;
using Grpc.Core;
using Mvccpb;

namespace Canal.Datastore.Tests;

/// <summary>
/// Plays etcd's side of watch streams word by word, for what a real etcd does seldom or not in this version. Lists are empty at <see cref="Revision"/>.
/// </summary>
internal sealed class ScriptedEtcd : CallInvoker
{
    private readonly Channel<Conversation> opened = Channel.CreateUnbounded<Conversation>();

    public long Revision { get; set; } = 10;

    public ulong ClusterId { get; set; } = 7;

    public ulong RaftTerm { get; set; } = 3;

    public int Lists { get; private set; }

    public int Logins { get; private set; }

    public EtcdChannel Open() => Open(new EtcdOptions());

    public EtcdChannel Open(EtcdOptions options) => new(options, TimeProvider.System, [new EtcdEndpoint("script", this)]);

    /// <summary>The next stream the client opens, its creation request already read.</summary>
    public async Task<Conversation> NextAsync()
    {
        Conversation next = await opened.Reader.ReadAsync(Etcd.Stop).AsTask().WaitAsync(TimeSpan.FromSeconds(60));
        next.Created = (await next.Requests.Reader.ReadAsync(Etcd.Stop).AsTask().WaitAsync(TimeSpan.FromSeconds(60))).CreateRequest;
        return next;
    }

    public ResponseHeader Header(long revision) => new() { ClusterId = ClusterId, Revision = revision, RaftTerm = RaftTerm };

    public WatchResponse Confirmation() => new() { Header = Header(Revision), Created = true };

    /// <summary>A message of puts: one event for each pair of key and revision.</summary>
    public WatchResponse Puts(bool fragment, params (string Key, long Revision)[] puts)
    {
        WatchResponse message = new() { Header = Header(puts[^1].Revision), Fragment = fragment };
        foreach ((string key, long revision) in puts)
            message.Events.Add(new Event { Kv = new KeyValue { Key = ByteString.CopyFromUtf8(key), ModRevision = revision, Value = ByteString.CopyFromUtf8("x") } });
        return message;
    }

    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options)
    {
        Conversation conversation = new(options);
        opened.Writer.TryWrite(conversation);
        object call = new AsyncDuplexStreamingCall<WatchRequest, WatchResponse>(
            conversation, conversation, Task.FromResult(new Metadata()), () => Status.DefaultSuccess, () => [], () => { });
        return (AsyncDuplexStreamingCall<TRequest, TResponse>)call;
    }

    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
    {
        object answer = request is AuthenticateRequest ? new AuthenticateResponse { Token = $"token {++Logins}" } : Page((RangeRequest)(object)request);
        return new AsyncUnaryCall<TResponse>(Task.FromResult((TResponse)answer), Task.FromResult(new Metadata()), () => Status.DefaultSuccess, () => [], () => { });
    }

    public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options) => throw new NotSupportedException();

    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) => throw new NotSupportedException();

    public override TResponse BlockingUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) =>
        throw new NotSupportedException();

    private RangePage Page(RangeRequest request)
    {
        Lists += request.KeysOnly ? 0 : 1;
        return new RangePage { ClusterId = ClusterId, RaftTerm = RaftTerm, Revision = Revision, More = false, Portions = [], Count = 0, Bytes = 0 };
    }

    /// <summary>One watch stream, seen from the server.</summary>
    internal sealed class Conversation(CallOptions options) : IClientStreamWriter<WatchRequest>, IAsyncStreamReader<WatchResponse>
    {
        private readonly Channel<WatchResponse> answers = Channel.CreateUnbounded<WatchResponse>();

        public Channel<WatchRequest> Requests { get; } = Channel.CreateUnbounded<WatchRequest>();

        public Metadata Headers => options.Headers!;

        public WatchCreateRequest Created { get; set; } = null!;

        public WatchResponse Current { get; private set; } = null!;

        public WriteOptions? WriteOptions { get; set; }

        public void Say(WatchResponse message) => answers.Writer.TryWrite(message);

        /// <summary>Ends the stream with OK.</summary>
        public void End() => answers.Writer.Complete();

        public void Fail(StatusCode code, string detail) => answers.Writer.Complete(new RpcException(new Status(code, detail)));

        public async Task<bool> MoveNext(CancellationToken cancellationToken)
        {
            try
            {
                Current = await answers.Reader.ReadAsync(options.CancellationToken);
                return true;
            }
            catch (ChannelClosedException closed)
            {
                return closed.InnerException is RpcException error ? throw error : false;
            }
            catch (OperationCanceledException)
            {
                throw new RpcException(new Status(StatusCode.Cancelled, "Call canceled by the client."));
            }
        }

        public Task WriteAsync(WatchRequest message) => Requests.Writer.WriteAsync(message).AsTask();

        public Task WriteAsync(WatchRequest message, CancellationToken cancellationToken) => WriteAsync(message);

        public Task CompleteAsync() => Task.CompletedTask;
    }
}
