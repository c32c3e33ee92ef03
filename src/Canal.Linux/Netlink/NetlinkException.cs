namespace Canal.Linux.Netlink;

/// <summary>The kernel refused a request, or the socket failed. The message is a sentence from outside in: what was asked, what the kernel said.</summary>
public sealed class NetlinkException(string request, int errno, string? detail = null)
    : Exception($"{request}: {Linux.Errno.Describe(errno)}{(detail is null ? "" : $": {detail}")}")
{
    /// <summary>The positive error number; decide on this, never on text.</summary>
    public int Errno { get; } = errno;
}
