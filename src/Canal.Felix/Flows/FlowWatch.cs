using Canal.Core.Addressing;
using Canal.Felix.Drops;
using Canal.Felix.Revocation;
using Canal.Hosting;
using Canal.Linux.Conntrack;
using Canal.Linux.Netlink;

namespace Canal.Felix.Flows;

/// <summary>
/// Tells of the connections that local endpoints have, what policy says of them, and what was denied. Nothing of this costs anything while nobody asks. One
/// at a time; the kernel is asked beside the loop, which only says whose addresses are whose and judges, a little in each turn.
/// </summary>
internal sealed class FlowWatch(Inbox<AgentMessage> inbox, DropWatch drops, Func<IReadOnlyCollection<IpAddress>, int, IReadOnlyList<TrackedFlow>> look) : IDisposable
{
    /// <summary>Connections that are looked at for one answer, and told in it.</summary>
    public const int MostLooked = 50_000;
    public const int MostTold = 10_000;

    private readonly SemaphoreSlim turn = new(1, 1);

    /// <summary>One that asks the kernel, on a socket that is there only meanwhile.</summary>
    public static FlowWatch OfKernel(Inbox<AgentMessage> inbox, DropWatch drops) => new(inbox, drops, (addresses, most) =>
    {
        using NetlinkConntrack conntrack = NetlinkConntrack.Open();
        return conntrack.Look(addresses, most);
    });

    /// <summary>Answers one request of the control socket.</summary>
    public async Task<ControlResponse> AnswerAsync(FlowQuery query, CancellationToken cancel)
    {
        await turn.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            DropReport denied = await drops.AfterAsync(query.After, cancel).ConfigureAwait(false);
            FlowPlaces places = await inbox.AskAsync<FlowPlaces>(answer => new AgentMessage.FlowPlaces(query, answer), cancel).ConfigureAwait(false);
            IReadOnlyList<TrackedFlow> found = places.Addresses.Count == 0 ? [] : await Task.Run(() => look(places.Addresses, MostLooked), cancel).ConfigureAwait(false);
            (List<(TrackedFlow, FlowVerdict)> told, bool more) = await JudgeAsync(query, found, cancel).ConfigureAwait(false);
            IEnumerable<DroppedFlow> wanted = denied.Flows.Where(flow => query.Wants(flow.Place?.Endpoint ?? "", flow.Reason.Policy));
            return ControlResponse.Ok(FlowText.Answer(told, more || found.Count == MostLooked, places.Cut, denied, wanted));
        }
        catch (NetlinkException e)
        {
            return ControlResponse.Failed($"the kernel does not tell of connections: {e.Message}");
        }
        finally
        {
            turn.Release();
        }
    }

    private async Task<(List<(TrackedFlow, FlowVerdict)> Told, bool More)> JudgeAsync(FlowQuery query, IReadOnlyList<TrackedFlow> found, CancellationToken cancel)
    {
        List<(TrackedFlow, FlowVerdict)> told = [];
        for (int judged = 0; judged < found.Count;)
        {
            int from = judged;
            List<FlowVerdict> verdicts = await inbox.AskAsync<List<FlowVerdict>>(answer => new AgentMessage.FlowsFound(found, from, answer), cancel).ConfigureAwait(false);
            foreach (FlowVerdict verdict in verdicts)
            {
                TrackedFlow flow = found[judged++];
                if (!query.Wants(verdict)) continue;
                if (told.Count == MostTold) return (told, true);
                told.Add((flow, verdict));
            }
        }
        return (told, false);
    }

    public void Dispose() => turn.Dispose();
}
