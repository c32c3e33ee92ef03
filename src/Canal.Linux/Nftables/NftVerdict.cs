namespace Canal.Linux.Nftables;

/// <summary>What a rule or a verdict map element decides.</summary>
/// <param name="Code">The kernel's code.</param>
/// <param name="Chain">Target of a jump or goto, else null.</param>
public readonly record struct NftVerdict(NftVerdictCode Code, string? Chain = null)
{
    public static NftVerdict Accept => new(NftVerdictCode.Accept);
    public static NftVerdict Drop => new(NftVerdictCode.Drop);
    public static NftVerdict Return => new(NftVerdictCode.Return);
    public static NftVerdict Continue => new(NftVerdictCode.Continue);

    public static NftVerdict Jump(string chain) => new(NftVerdictCode.Jump, chain);

    public static NftVerdict Goto(string chain) => new(NftVerdictCode.Goto, chain);

    /// <summary>As nft writes it: <c>jump c1</c>.</summary>
    public override string ToString() => Code switch
    {
        NftVerdictCode.Jump => $"jump {Chain}",
        NftVerdictCode.Goto => $"goto {Chain}",
        NftVerdictCode.Accept => "accept",
        NftVerdictCode.Drop => "drop",
        NftVerdictCode.Return => "return",
        NftVerdictCode.Continue => "continue",
        _ => $"verdict {(int)Code}",
    };
}
