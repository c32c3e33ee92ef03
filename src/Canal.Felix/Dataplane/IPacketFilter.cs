using Canal.Core.Calculation;
using Canal.Felix.Configuration;

namespace Canal.Felix.Dataplane;

/// <summary>A way of programming policy on this host: what the start, the boot unit and the cleanup need of it beside the dataplane.</summary>
/// <remarks>Methods throw NftException or IptablesException.</remarks>
internal interface IPacketFilter
{
    /// <summary>Nftables or iptables.</summary>
    DataplaneKind Kind { get; }

    /// <summary><c>nftables</c>, <c>iptables (nft) and ipset</c></summary>
    string Name { get; }

    /// <summary>Something of this program's is in the kernel.</summary>
    bool IsInForce();

    IDataplane NewDataplane(PolicyCalculator calculator);

    /// <summary>Puts what <see cref="IDataplane.Whole"/> gave back into a kernel that has nothing of it. Returns what is wrong with it, or null.</summary>
    string? Load(ReadOnlyMemory<byte> kept);

    /// <summary>Takes everything of this program's away.</summary>
    void Remove();
}
