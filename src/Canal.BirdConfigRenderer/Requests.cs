using Canal.Hosting;

namespace Canal.BirdConfigRenderer;

/// <summary>The renderer's control socket.</summary>
internal static class Requests
{
    /// <summary>Answers one request of the control socket.</summary>
    public static async Task<ControlResponse> AnswerAsync(string request, Inbox<RendererMessage> inbox, CancellationToken cancel)
    {
        if (request == "ping") return ControlResponse.Ok();
        if (request is not ("reload" or "status" or "restart-bird")) return ControlResponse.Failed($"unknown request '{request}': ping, reload, status or restart-bird");
        return await inbox.AskAsync<ControlResponse>(answer => new RendererMessage.Request(request, answer), cancel).ConfigureAwait(false);
    }
}
