using System.Collections.Immutable;
using Canal.BirdConfigRenderer.Bird;
using Canal.Core;
using Canal.Core.Addressing;
using Canal.Core.Bgp;
using Canal.Core.Resources;
using Canal.Hosting;
using Serilog;

namespace Canal.BirdConfigRenderer;

/// <summary>Looks at all BIRD processes of this host from time to time, and asks them what somebody wants to know.</summary>
internal sealed class BirdWatch(ImmutableArray<BirdDaemon> daemons, bool startsBird, TimeProvider time, ILogger log)
{
    private readonly DaemonWatch[] watches = [.. daemons.Select(d => new DaemonWatch(d, startsBird, time, log))];

    /// <summary>As last seen.</summary>
    public BirdViews Views => new(watches.Select(w => w.Seen).ToEquatableArray());

    /// <summary>Why a running BIRD would not have its file when it was last told to read it; null when all had theirs.</summary>
    public string? Refusal => daemons.Select(d => d.File.Refusal).FirstOrDefault(r => r is not null);

    public async Task LookAsync(IReadOnlyDictionary<string, BgpSession> wanted, bool isConfigured, CancellationToken stop)
    {
        foreach (DaemonWatch watch in watches) await watch.LookAsync(wanted, isConfigured, stop).ConfigureAwait(false);
    }

    /// <summary>BIRD's routes as it prints them: all, or those for an address or within a prefix.</summary>
    public async Task<ControlResponse> RoutesAsync(string? wanted, CancellationToken stop)
    {
        Cidr cidr = default;
        if (wanted is not null && !Cidr.TryParse(wanted, out cidr)) return ControlResponse.Failed($"{Problem.Quote(wanted)} is not a prefix");
        string text = "";
        foreach (DaemonWatch watch in watches)
        {
            if (wanted is not null && !watch.Seen.Dialect.Families.Contains(cidr.Family)) continue;
            ControlResponse answer = await watch.RoutesAsync(wanted is null ? "show route" : watch.Seen.Dialect.RoutesCommand(cidr), stop).ConfigureAwait(false);
            if (answer.Error is not null) return answer;
            text += answer.Body;
        }
        return ControlResponse.Ok(text);
    }

    /// <summary>Ends all processes so that their neighbours keep their routes while they start again; null when they end, else why one does not.</summary>
    public async Task<string?> EndForRestartAsync(CancellationToken stop)
    {
        string? refusal = null;
        foreach (BirdDaemon daemon in daemons) refusal = await daemon.EndForRestartAsync(stop).ConfigureAwait(false) ?? refusal;
        return refusal;
    }
}
