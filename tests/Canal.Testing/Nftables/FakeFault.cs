namespace Canal.Testing.Nftables;

/// <summary>What goes wrong with a commit to the fake.</summary>
/// <param name="Errno">0 when the answer is lost.</param>
/// <param name="Committed">Of a lost answer: whether the change was made.</param>
public sealed record FakeFault(int Errno, bool Committed)
{
    /// <summary>The kernel refuses with this error; nothing changes.</summary>
    public static FakeFault Refused(int errno) => new(errno, false);

    /// <summary>The change is made, its acknowledgement lost.</summary>
    public static FakeFault LostAfterCommit { get; } = new(0, true);

    /// <summary>The change is not made, and nothing says so.</summary>
    public static FakeFault LostBeforeCommit { get; } = new(0, false);
}
