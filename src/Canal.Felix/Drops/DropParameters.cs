using Canal.Felix.Configuration;
using HostingConfiguration = Canal.Hosting.Configuration;

namespace Canal.Felix.Drops;

/// <summary>How denied packets are told: the group of nfnetlink_log that rules log to and this agent reads, and the limit of the journal's lines.</summary>
internal sealed record DropParameters(DropLog Log, ushort Group, RateLimit? Limit)
{
    public static DropParameters From(HostingConfiguration configuration) => new(
        configuration.Get(DropSettings.DropLog), (ushort)configuration.Get(DropSettings.DropLogGroup),
        RateLimit.TryParse(configuration.Get(DropSettings.DropLogRateLimit), (uint)configuration.Get(DropSettings.DropLogRateLimitBurst), out RateLimit? limit) ? limit : null);
}
