using Canal.Core.Addressing;
using Canal.Core.Flannel;

namespace Canal.FlannelBridge.Telling;

/// <summary>What others learn of this host's subnet, whoever leased it: the container runtimes by a CNI configuration, canal-felix by an IPPool.</summary>
internal sealed class HostTelling
{
    /// <summary>Name of the CNI network.</summary>
    public const string CniNetwork = "canal-flannel";

    public required TextFile Cni { get; init; }

    public required PoolKeeper Pools { get; init; }

    /// <summary>What stands in the way.</summary>
    public IEnumerable<string?> Reasons => [Cni.Reason, Pools.Reason];

    /// <summary>When something is to be tried again.</summary>
    public IEnumerable<DateTimeOffset?> Due => [Cni.RetryAt, Pools.NextStep];

    /// <summary>Tells it where it is another than before.</summary>
    /// <param name="told">What subnet.env says.</param>
    /// <param name="natOutgoing">canal-felix is to translate what leaves the network.</param>
    /// <param name="woken">Called from elsewhere when there is more to do.</param>
    /// <param name="stop">Ends what is under way.</param>
    public void Tell(SubnetFile told, bool natOutgoing, Func<Task> woken, CancellationToken stop)
    {
        if (FlannelCni.Render(told, CniNetwork) is { } text) Cni.Write(text);
        Pools.Step([.. told.Networks.Take(1).Concat(told.V6Networks.Take(1)).Select(n => new Cidr(n.Address, n.Length))], natOutgoing, woken, stop);
    }
}
