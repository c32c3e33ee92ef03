using Canal.Hosting;

namespace Canal.BirdConfigRenderer;

/// <summary>The renderer's control socket.</summary>
internal static class Requests
{
    /// <summary>A prefix may follow.</summary>
    public const string Routes = "routes ";

    /// <summary>Answers one request of the control socket.</summary>
    public static async Task<ControlResponse> AnswerAsync(string request, Inbox<RendererMessage> inbox, CancellationToken cancel)
    {
        if (request == "ping") return ControlResponse.Ok();
        if (request is not ("reload" or "status" or "peers" or "restart-bird" or "routes") && !request.StartsWith(Routes, StringComparison.Ordinal))
            return ControlResponse.Failed($"unknown request '{request}': ping, reload, status, peers, routes or restart-bird");
        return await inbox.AskAsync<ControlResponse>(answer => new RendererMessage.Request(request, answer), cancel).ConfigureAwait(false);
    }
}
