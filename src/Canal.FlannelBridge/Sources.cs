using Canal.FlannelBridge.Charon;
using Canal.Hosting;
using Canal.Linux.Nftables;
using Canal.Linux.Routing;
using Canal.Linux.Xfrm;

namespace Canal.FlannelBridge;

/// <summary>What feeds the inbox. Each runs until stopped; one that ends otherwise ends the process.</summary>
internal static class Sources
{
    public static async Task WatchKernelAsync(LinkMonitor monitor, Inbox<BridgeMessage> inbox, CancellationToken stop)
    {
        while (true)
        {
            List<KernelEvent> events = [];
            await monitor.ReceiveAsync(events, stop).ConfigureAwait(false);
            events.RemoveAll(e => e.IsPassing);
            if (events.Count > 0) await inbox.PutAsync(new BridgeMessage.Kernel(events), stop).ConfigureAwait(false);
        }
    }

    /// <summary>What other programs do to other tables is none of our business.</summary>
    public static async Task WatchTablesAsync(NftMonitor monitor, Inbox<BridgeMessage> inbox, CancellationToken stop)
    {
        while (true)
        {
            NftEvent change = await monitor.NextAsync(stop).ConfigureAwait(false);
            if (change.Kind != NftEventKind.OtherTableChanged) await inbox.PutAsync(new BridgeMessage.Tables(change), stop).ConfigureAwait(false);
        }
    }

    /// <summary>Says when charon is another, or has other security associations; nothing before a network wants it.</summary>
    public static Task WatchCharonAsync(ViciCharon charon, Inbox<BridgeMessage> inbox, CancellationToken stop) =>
        charon.WatchAsync(() => inbox.PutAsync(new BridgeMessage.Ipsec(), stop).AsTask(), stop);

    /// <summary>The same when somebody changes the kernel's policies: without them packets would go as they are.</summary>
    public static async Task WatchPoliciesAsync(NetlinkXfrm xfrm, ViciCharon charon, Inbox<BridgeMessage> inbox, CancellationToken stop)
    {
        await charon.Wanted.WaitAsync(stop).ConfigureAwait(false);
        using XfrmMonitor monitor = XfrmMonitor.Open(xfrm.PortId);
        while (true)
        {
            await inbox.PutAsync(new BridgeMessage.Ipsec(), stop).ConfigureAwait(false);
            await monitor.WaitAsync(stop).ConfigureAwait(false);
        }
    }

    /// <summary>Answers one request of the control socket.</summary>
    public static async Task<ControlResponse> AnswerAsync(string request, Inbox<BridgeMessage> inbox, CancellationToken cancel)
    {
        if (request == "ping") return ControlResponse.Ok();
        if (request is not ("reload" or "status")) return ControlResponse.Failed($"unknown request '{request}': ping, reload or status");
        return await inbox.AskAsync<ControlResponse>(answer => new BridgeMessage.Request(request, answer), cancel).ConfigureAwait(false);
    }
}
