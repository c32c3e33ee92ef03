using Canal.Linux.Nftables;

namespace Canal.Testing.Nftables;

/// <summary>A table of the fake kernel.</summary>
internal sealed class FakeTable(string name, NftTableFlags flags)
{
    internal string Name { get; } = name;

    internal NftTableFlags Flags { get; set; } = flags;

    internal Dictionary<string, FakeChain> Chains { get; } = [];

    internal Dictionary<string, FakeSet> Sets { get; } = [];

    internal ulong LastHandle { get; set; }
}
