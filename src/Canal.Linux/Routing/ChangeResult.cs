namespace Canal.Linux.Routing;

/// <summary>What became of one change.</summary>
/// <param name="Errno">0, or the positive error number; decide on this.</param>
/// <param name="Request">What was asked, when it was refused; else null.</param>
/// <param name="Detail">The kernel's own sentence, or null.</param>
public readonly record struct ChangeResult(int Errno, string? Request = null, string? Detail = null)
{
    public bool IsOk => Errno == 0;

    /// <summary>The whole sentence (<c>add route 10.65.0.10/32 dev caliw0 proto 80: Network is down (errno 100)</c>), or null.</summary>
    public string? Error => IsOk ? null : $"{Request}: {Linux.Errno.Describe(Errno)}{(Detail is null ? "" : $": {Detail}")}";
}
