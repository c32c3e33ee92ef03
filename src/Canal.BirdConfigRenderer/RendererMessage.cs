using Canal.Datastore;
using Canal.Hosting;

namespace Canal.BirdConfigRenderer;

/// <summary>What can happen to the renderer: a closed set of cases, all through one queue.</summary>
internal abstract record RendererMessage
{
    private RendererMessage()
    {
    }

    /// <summary>etcd says something.</summary>
    public sealed record Datastore(WatchBatch Batch) : RendererMessage;

    /// <summary>Somebody asks: <c>reload</c>, <c>status</c>, <c>peers</c>, <c>routes</c>, <c>restart-bird</c>.</summary>
    public sealed record Request(string Word, TaskCompletionSource<ControlResponse> Answer) : RendererMessage;
}
