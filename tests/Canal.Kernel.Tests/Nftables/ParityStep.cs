using Canal.Linux.Nftables;

namespace Canal.Kernel.Tests.Nftables;

/// <summary>One step of a transaction; its text is what a failing test prints.</summary>
internal sealed record ParityStep(string Text, Action<NftTransaction> Write, bool RemovesRanges = false)
{
    public override string ToString() => Text;
}
