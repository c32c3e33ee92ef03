using Canal.Linux.Nftables;

namespace Canal.Testing.Nftables;

/// <summary>A chain of the fake kernel.</summary>
internal sealed class FakeChain(string name, NftBaseChain? hook, string comment)
{
    internal string Name { get; } = name;

    internal NftBaseChain? Base { get; set; } = hook;

    internal string Comment { get; } = comment;

    internal List<FakeRule> Rules { get; } = [];

    /// <summary>Jumps and gotos here, from rules and map elements.</summary>
    internal int Use { get; set; }
}
