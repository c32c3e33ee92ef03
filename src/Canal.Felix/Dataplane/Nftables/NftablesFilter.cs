using Canal.Core.Calculation;
using Canal.Felix.Configuration;
using Canal.Felix.Dataplane.Iptables;
using Canal.Linux.Nftables;

namespace Canal.Felix.Dataplane.Nftables;

/// <summary>Policy in table <c>inet canal</c>.</summary>
/// <param name="kernel">The kernel's nf_tables.</param>
/// <param name="time">For the dataplane.</param>
/// <param name="early">Begins to read the table beside the datastore; null: it is read when it is needed.</param>
internal sealed class NftablesFilter(INftables kernel, TimeProvider time, Func<Task<NftTable?>>? early = null) : IPacketFilter
{
    public DataplaneKind Kind => DataplaneKind.Nftables;

    public string Name => "nftables";

    /// <summary>A run that ended while it made its table anew has left the one that stands in.</summary>
    public bool IsInForce() => kernel.ReadFlags(KernelNames.Table) is not null || kernel.ReadFlags(KernelNames.StandIn) is not null;

    public IDataplane NewDataplane(PolicyCalculator calculator) => new NftablesDataplane(kernel, calculator, time, early?.Invoke()!);

    public string? Load(ReadOnlyMemory<byte> kept)
    {
        if (KeptScripts.Parse(kept) is not null) return "it was kept by the dataplane of iptables";
        if (!NftTransaction.TryRestore(KernelNames.Table, kept.Span, out NftTransaction? transaction, out string? reason)) return $"it is damaged: {reason}";
        kernel.Commit(transaction);
        return null;
    }

    public void Remove()
    {
        TableRemoval.Run(kernel, KernelNames.Table);
        TableRemoval.Run(kernel, KernelNames.StandIn);
    }
}
