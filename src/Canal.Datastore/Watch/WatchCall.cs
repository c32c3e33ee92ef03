using Etcdserverpb;
using Grpc.Core;

namespace Canal.Datastore;

/// <summary>A watch stream just opened.</summary>
/// <param name="Endpoint">The member it goes to.</param>
/// <param name="Stream">The raw stream.</param>
/// <param name="Login">The token it was opened with, if any.</param>
internal sealed record WatchCall(EtcdEndpoint Endpoint, AsyncDuplexStreamingCall<WatchRequest, WatchResponse> Stream, Metadata? Login);
