using System.Globalization;
using Canal.Felix.Drops;
using Canal.Felix.Flows;
using Canal.Hosting;
using Canal.Linux.Nftables;
using Canal.Linux.Routing;

namespace Canal.Felix;

/// <summary>What feeds the inbox. Each runs until stopped; one that ends otherwise ends the process.</summary>
internal static class Sources
{
    public static async Task WatchKernelAsync(LinkMonitor monitor, Inbox<AgentMessage> inbox, CancellationToken stop)
    {
        while (true)
        {
            List<KernelEvent> events = [];
            await monitor.ReceiveAsync(events, stop).ConfigureAwait(false);
            events.RemoveAll(e => e.IsPassing);
            if (events.Count > 0) await inbox.PutAsync(new AgentMessage.Kernel(events), stop).ConfigureAwait(false);
        }
    }

    /// <summary>What other programs do to other tables is none of our business.</summary>
    public static async Task WatchTablesAsync(NftMonitor monitor, Inbox<AgentMessage> inbox, CancellationToken stop)
    {
        while (true)
        {
            NftEvent change = await monitor.NextAsync(stop).ConfigureAwait(false);
            if (change.Kind != NftEventKind.OtherTableChanged) await inbox.PutAsync(new AgentMessage.Tables(change), stop).ConfigureAwait(false);
        }
    }

    private const string Counters = "counters";
    private const string Flows = "flows";

    /// <summary>Answers one request of the control socket.</summary>
    public static async Task<ControlResponse> AnswerAsync(string request, Inbox<AgentMessage> inbox, DropWatch drops, FlowWatch flows, CancellationToken cancel)
    {
        switch (request)
        {
            case "ping":
                return ControlResponse.Ok();
            case "reload":
                string? refusal = await inbox.AskAsync<string?>(done => new AgentMessage.Reload(done), cancel).ConfigureAwait(false);
                return refusal is null ? ControlResponse.Ok() : ControlResponse.Failed("the new configuration is refused, the old one stays", refusal);
            case "status":
                return await AskAsync(AgentQuestion.Status, inbox, cancel).ConfigureAwait(false);
            case "show-config":
                return await AskAsync(AgentQuestion.Configuration, inbox, cancel).ConfigureAwait(false);
            case string counters when counters == Counters || counters.StartsWith(Counters + " ", StringComparison.Ordinal):
                return ControlResponse.Ok(await inbox.AskAsync<string>(counted => new AgentMessage.Counters(counters[Counters.Length..].Trim(), counted), cancel).ConfigureAwait(false));
            case "drops":
                return ControlResponse.Ok(await drops.AnswerAsync(0, cancel).ConfigureAwait(false));
            case string after when after.StartsWith("drops ", StringComparison.Ordinal):
                return long.TryParse(after.AsSpan("drops ".Length), NumberStyles.None, CultureInfo.InvariantCulture, out long serial)
                    ? ControlResponse.Ok(await drops.AnswerAsync(serial, cancel).ConfigureAwait(false))
                    : ControlResponse.Failed("drops: the serial after which is asked must be a number");
            case string asked when asked == Flows || asked.StartsWith(Flows + " ", StringComparison.Ordinal):
                return FlowQuery.Parse(asked[Flows.Length..], out string problem) is { } query
                    ? await flows.AnswerAsync(query, cancel).ConfigureAwait(false)
                    : ControlResponse.Failed($"flows: {problem}");
            default:
                return ControlResponse.Failed($"unknown request '{request}': ping, reload, status, show-config, counters, drops or flows");
        }
    }

    private static async Task<ControlResponse> AskAsync(AgentQuestion about, Inbox<AgentMessage> inbox, CancellationToken cancel) =>
        ControlResponse.Ok(await inbox.AskAsync<string>(answer => new AgentMessage.Question(about, answer), cancel).ConfigureAwait(false));
}
