using System.Globalization;

namespace Canal.Core.Ipam;

/// <summary>A moment as IPAM writes it.</summary>
public readonly record struct IpamTime(DateTimeOffset Moment)
{
    private const long NanosecondsPerTick = 100;

    /// <summary>Where the sequence numbers of a new block begin: nanoseconds since 1970, so that a block deleted and made again never repeats one.</summary>
    public ulong Sequence => (ulong)((Moment - DateTimeOffset.UnixEpoch).Ticks * NanosecondsPerTick);

    /// <summary>RFC 3339 in whole seconds.</summary>
    public string Text => Moment.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>As Calico writes the attribute <c>timestamp</c>.</summary>
    public string Attribute => Moment.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.fffffff' +0000 UTC'", CultureInfo.InvariantCulture);

    /// <summary>How long ago a stored time was; null when it is none.</summary>
    public TimeSpan? Since(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset then) ? Moment - then : null;
}
