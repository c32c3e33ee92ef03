using Canal.Core.Addressing;
using Canal.Core.Flannel;
using Canal.Datastore;
using Canal.Hosting;

namespace Canal.Ctl;

/// <summary>Which host leases which subnet of a flannel network, whoever made the lease: canal-flannel-bridge or flanneld.</summary>
internal sealed class LeaseTable(EtcdStore etcd, Surroundings around)
{
    /// <summary>Requests for the rest of leases' lives that are under way at once.</summary>
    private const int AtOnce = 16;

    private static readonly string[] Header = ["SUBNET", "IPV6-SUBNET", "HOST", "BACKEND", "EXPIRES"];

    /// <summary>The table, header first. What is no lease is told and left out.</summary>
    public async Task<List<string[]>> ReadAsync(string prefix, CancellationToken stop)
    {
        List<HeldLease> leases = [];
        await foreach (EtcdPage page in etcd.ListAsync(KeyRange.Prefix($"{prefix}/subnets/"), stop))
        {
            foreach (EtcdEntry entry in page.Entries.ToArray())
            {
                if (Read(entry) is { } lease)
                    leases.Add(lease);
            }
        }
        List<string[]> rows = [Header];
        foreach (HeldLease[] some in leases.OrderBy(lease => lease.Subnet[IpFamily.V4] ?? lease.Subnet[IpFamily.V6]).Chunk(AtOnce))
            rows.AddRange(await Task.WhenAll(some.Select(lease => RowAsync(lease, stop))));
        return rows;
    }

    private HeldLease? Read(EtcdEntry entry)
    {
        try
        {
            if (FlannelSubnet.TryParse(entry.KeyText, out FlannelSubnet subnet))
                return new HeldLease(entry.KeyText, subnet, FlannelLease.Read(entry.Value), entry.ModRevision, entry.CreateRevision, entry.Lease);
            around.Say($"{entry.KeyText}: left out: its name is no subnet");
        }
        catch (FlannelFormatException error)
        {
            around.Say($"{entry.KeyText}: left out: {error.Message}");
        }
        return null;
    }

    private async Task<string[]> RowAsync(HeldLease held, CancellationToken stop)
    {
        string[] hosts = [.. new[] { held.Lease.Public(IpFamily.V4), held.Lease.PublicV6 }.OfType<IpAddress>().Select(address => address.ToString())];
        return
        [
            held.Subnet[IpFamily.V4]?.ToString() ?? "-", held.Subnet[IpFamily.V6]?.ToString() ?? "-", hosts.Length > 0 ? string.Join(',', hosts) : "-",
            held.Lease.BackendType.Length > 0 ? held.Lease.BackendType : "-", await ExpiryAsync(held, stop),
        ];
    }

    private async Task<string> ExpiryAsync(HeldLease held, CancellationToken stop) =>
        held.IsReservation ? "never (reserved)" : await etcd.TimeToLiveAsync(held.EtcdLease, stop) is { } left ? $"in {DurationText.Format(left)}" : "now";
}
