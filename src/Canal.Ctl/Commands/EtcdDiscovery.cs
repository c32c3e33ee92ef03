using System.Globalization;
using System.Net;
using Canal.Core.Resources;
using Canal.Hosting;
using DnsClient;
using DnsClient.Protocol;

namespace Canal.Ctl;

/// <summary>Finds etcd's members by the SRV records of a domain, as calicoctl's <c>etcdDiscoverySrv</c> asks: those of <c>_etcd-client-ssl._tcp</c>, spoken
/// to with TLS; only where there are none, those of <c>_etcd-client._tcp</c>. (calicoctl takes both together, and might give TLS up for a member that does not answer.)</summary>
internal static class EtcdDiscovery
{
    /// <summary>What stands before a domain where endpoints could be named instead.</summary>
    public const string Prefix = "srv:";

    private const int LongestName = 253;

    // The order says which is tried first.
    private static readonly (string Service, string Scheme)[] Services = [("_etcd-client-ssl._tcp", "https"), ("_etcd-client._tcp", "http")];

    /// <summary>It can be asked for.</summary>
    public static bool IsDomain(string text) => text.Length <= LongestName && Uri.CheckHostName(text) == UriHostNameType.Dns;

    /// <summary>The members' URLs, most wanted first.</summary>
    /// <exception cref="CommandException">There are none, or no name server answers.</exception>
    public static async Task<IReadOnlyList<string>> FindAsync(string domain, TimeSpan timeout, CancellationToken stop)
    {
        LookupClient resolver = Resolver(timeout);
        foreach ((string service, string scheme) in Services)
        {
            IReadOnlyList<SrvRecord> records = await AskAsync(resolver, $"{service}.{domain}", stop);
            if (records.Count > 0)
                return [.. records.OrderBy(record => record.Priority).ThenByDescending(record => record.Weight).Select(record => Url(record, scheme))];
        }
        throw new CommandException(ExitCode.Configuration, $"{domain}: has no SRV records of etcd: {string.Join(" and ", Services.Select(one => $"{one.Service}.{domain}"))} are empty");
    }

    /// <summary>Asks the name servers of resolv.conf(5), and this host's where it names none.</summary>
    private static LookupClient Resolver(TimeSpan timeout)
    {
        NameServer[] servers = [.. NameServer.ResolveNameServers(skipIPv6SiteLocal: true, fallbackToGooglePublicDns: false)];
        LookupClientOptions options = servers.Length > 0 ? new(servers) : new(IPAddress.Loopback);
        (options.Timeout, options.Retries, options.UseCache) = (timeout, 0, false);
        return new LookupClient(options);
    }

    private static async Task<IReadOnlyList<SrvRecord>> AskAsync(LookupClient resolver, string name, CancellationToken stop)
    {
        try
        {
            IDnsQueryResponse response = await resolver.QueryAsync(name, QueryType.SRV, cancellationToken: stop);
            return response.HasError && response.Header.ResponseCode != DnsHeaderResponseCode.NotExistentDomain
                ? throw new CommandException(ExitCode.Unavailable, $"SRV records of {name}: {response.ErrorMessage}")
                : [.. response.Answers.SrvRecords()];
        }
        catch (DnsResponseException error)
        {
            throw new CommandException(ExitCode.Unavailable, $"SRV records of {name}: {error.DnsError}");
        }
    }

    /// <summary>Whoever answers for the domain wrote the target: it has to be a name, and nothing that an URL would take for more.</summary>
    private static string Url(SrvRecord record, string scheme)
    {
        string target = record.Target.Value.TrimEnd('.');
        return IsDomain(target)
            ? string.Create(CultureInfo.InvariantCulture, $"{scheme}://{target}:{record.Port}")
            : throw new CommandException(ExitCode.Configuration, $"{record.DomainName}: {Problem.Quote(target)} is not the name of a host");
    }
}
