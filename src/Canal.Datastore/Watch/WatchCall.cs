using Etcdserverpb;
using Grpc.Core;

namespace Canal.Datastore;

/// <summary>A watch stream just opened.</summary>
/// <param name="Endpoint">The member it goes to.</param>
/// <param name="Stream">The raw stream.</param>
/// <param name="ForgetToken">To be called when etcd refused the token or the permission it stands for; the next stream logs in anew.</param>
internal sealed record WatchCall(EtcdEndpoint Endpoint, AsyncDuplexStreamingCall<WatchRequest, WatchResponse> Stream, Action ForgetToken);
