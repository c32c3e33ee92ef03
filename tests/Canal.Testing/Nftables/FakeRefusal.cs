namespace Canal.Testing.Nftables;

/// <summary>A message that the kernel would answer with an error.</summary>
/// <param name="errno">The positive error number.</param>
/// <param name="offset">Of the offending attribute in the message, or -1.</param>
internal sealed class FakeRefusal(int errno, int offset = -1) : Exception
{
    internal int Errno { get; } = errno;

    internal int Offset { get; } = offset;
}
