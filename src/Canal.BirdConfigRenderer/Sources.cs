using Canal.Datastore;
using Canal.Hosting;

namespace Canal.BirdConfigRenderer;

/// <summary>What feeds the inbox. Each runs until stopped; one that ends otherwise ends the process.</summary>
internal static class Sources
{
    public static async Task WatchDatastoreAsync(EtcdWatcher watcher, Inbox inbox, CancellationToken stop)
    {
        await foreach (WatchBatch batch in watcher.WatchAsync(stop).ConfigureAwait(false))
            await inbox.PutAsync(new RendererMessage.Datastore(batch), stop).ConfigureAwait(false);
    }

    public static async Task WatchSignalsAsync(Signals signals, Inbox inbox, CancellationToken stop)
    {
        await foreach (bool _ in signals.Reloads.ReadAllAsync(stop).ConfigureAwait(false))
            await inbox.PutAsync(new RendererMessage.Request("reload", new TaskCompletionSource<ControlResponse>()), stop).ConfigureAwait(false);
    }

    /// <summary>Answers one request of the control socket.</summary>
    public static async Task<ControlResponse> AnswerAsync(string request, Inbox inbox, CancellationToken cancel)
    {
        if (request == "ping") return ControlResponse.Ok();
        if (request is not ("reload" or "status" or "restart-bird")) return ControlResponse.Failed($"unknown request '{request}': ping, reload, status or restart-bird");
        TaskCompletionSource<ControlResponse> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await inbox.PutAsync(new RendererMessage.Request(request, answer), cancel).ConfigureAwait(false);
        return await answer.Task.WaitAsync(cancel).ConfigureAwait(false);
    }
}
