namespace Canal.Core.Overlay;

/// <summary>
/// Judges rounds of two datagrams to one host, one whose checksum was left open for a network card to fill in, and one whose checksum was filled in before. A
/// host that verifies checksums answers what arrives right.
/// </summary>
public sealed class ChecksumTrial
{
    /// <summary>Rounds in which only the filled one is answered before that is no loss of packets: with one datagram or answer of five lost, one verdict in ten thousand is wrong.</summary>
    public const int Confirmations = 6;

    /// <summary>Rounds without any answer after which the host is taken for silent.</summary>
    public const int SilentRounds = 3;

    /// <summary>Rounds after which nothing is expected of more.</summary>
    public const int Rounds = 12;

    private int rounds, filledOnly;

    /// <summary>Takes a round in; returns the verdict, or null when it takes another round.</summary>
    /// <param name="open">The one that was left open was answered; then the other need not be sent.</param>
    /// <param name="filled">The other one was answered.</param>
    public ChecksumVerdict? Note(bool open, bool filled)
    {
        rounds++;
        if (open) return ChecksumVerdict.Arrive;
        if (filled && ++filledOnly >= Confirmations) return ChecksumVerdict.Broken;
        return rounds >= Rounds || (filledOnly == 0 && rounds >= SilentRounds) ? ChecksumVerdict.Unknown : null;
    }
}
