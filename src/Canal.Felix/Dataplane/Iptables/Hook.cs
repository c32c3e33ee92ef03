using Canal.Linux.Nftables;

namespace Canal.Felix.Dataplane.Iptables;

/// <summary>A built-in chain of iptables.</summary>
/// <param name="Table">Its table.</param>
/// <param name="BuiltIn"><c>FORWARD</c></param>
internal readonly record struct Hook(string Table, string BuiltIn)
{
    public const string Raw = "raw", Mangle = "mangle", Nat = "nat", Filter = "filter";

    private const int AfterTracking = -200, AfterMangling = -100;

    /// <summary>
    /// In the order in which they are written: who looks at a mark is there before who sets it.
    /// </summary>
    public static IReadOnlyList<string> Tables { get; } = [Filter, Mangle, Nat, Raw];

    /// <summary>Our chain that the built-in one calls.</summary>
    public string Own => IptablesNames.Hook(BuiltIn);

    /// <summary>Where a base chain of nftables belongs.</summary>
    public static Hook Of(NftBaseChain chain) => new(TableOf(chain), chain.Hook.ToString().ToUpperInvariant());

    private static string TableOf(NftBaseChain chain) => chain.Type == NftChainType.Nat ? Nat : chain.Priority < AfterTracking ? Raw : chain.Priority < AfterMangling ? Mangle : Filter;

    /// <summary>The rule of the built-in chain.</summary>
    public IptablesRule Call => new("", $" -j {Own}");
}
