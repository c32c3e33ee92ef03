using System.Diagnostics;
using Canal.Core.Addressing;
using Canal.Core.Ipam;
using Canal.Core.Resources;
using Canal.Testing;

namespace Canal.Datastore.Tests;

/// <summary>Many writers of the same blocks.</summary>
public sealed class IpamParallelTests : IAsyncLifetime
{
    private const string EndpointVariable = "CANAL_TEST_IPAM_ENDPOINT", NameVariable = "CANAL_TEST_IPAM_NAME";
    private const int Processes = 4, Requests = 250;

    private EtcdProcess? etcd;

    public async ValueTask InitializeAsync()
    {
        if (Environment.GetEnvironmentVariable(EndpointVariable) is null) etcd = await EtcdProcess.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (etcd is not null) await etcd.DisposeAsync();
    }

    [Fact]
    public async Task A_thousand_requests_from_four_processes_never_get_one_address_twice_and_leave_no_leak()
    {
        await using EtcdChannel channel = Etcd.Channel(etcd!.Endpoint);
        EtcdStore store = new(channel);
        await store.PutAsync($"{ResourceKey.Root}ippools/a", """{"kind":"IPPool","metadata":{"name":"a"},"spec":{"cidr":"10.65.0.0/21","blockSize":26}}""");
        Process[] workers = [.. Enumerable.Range(0, Processes).Select(i => Start($"w{i}"))];
        string[][] lines = await Task.WhenAll(workers.Select(ReadAsync));

        string[] assigned = [.. lines.SelectMany(line => line)];
        // A third was released again.
        Assert.Equal(Processes * Requests - Processes * ((Requests + 2) / 3), assigned.Length);
        Assert.Equal(assigned.Length, assigned.Select(line => line.Split(' ')[1]).Distinct().Count());
        Assert.Equal(assigned.Order(), (await StoredAsync(store)).Order());
        using IpamStore ipam = new(store, TimeProvider.System, new Random(1));
        foreach (string line in assigned) await ipam.ReleaseAsync(line.Split(' ')[0], Etcd.Stop);
        Assert.Empty(await StoredAsync(store));
        Assert.Empty((await store.SnapshotAsync([KeyRange.Prefix($"{IpamKey.Root}handle/")], Etcd.Stop)).Entries);
    }

    /// <summary>What one of the processes does; not a test by itself. Two nodes take turns, so that two processes share each at any time.</summary>
    [Fact(Explicit = true)]
    public async Task Worker()
    {
        string name = Environment.GetEnvironmentVariable(NameVariable)!;
        // A thousand requests at once keep one etcd busy for longer than the other tests' patience.
        EtcdOptions patient = new() { Endpoints = [Environment.GetEnvironmentVariable(EndpointVariable)!], RequestTimeout = TimeSpan.FromSeconds(60) };
        await using EtcdChannel channel = new(patient, TimeProvider.System);
        using IpamStore ipam = new(new EtcdStore(channel), TimeProvider.System, new Random(name.GetHashCode(StringComparison.Ordinal)));
        string?[] results = await Task.WhenAll(Enumerable.Range(0, Requests).Select(async i =>
        {
            string handle = $"net.{name}-{i}";
            Assignment assignment = await ipam.AssignAsync(
                new AddressRequest { Owner = BlockOwner.Host($"h{i % 2}"), HandleId = handle, Ipv4 = 1, MaxBlocks = 100, Now = ipam.Now }, [], Etcd.Stop);
            IpAddress address = Assert.Single(assignment.Ipv4).Address;
            if (i % 3 != 0) return $"{handle} {address}";
            Assert.Equal([address], (await ipam.ReleaseAsync(handle, Etcd.Stop)).Released);
            return null;
        }));
        await File.WriteAllLinesAsync(Environment.GetEnvironmentVariable("CANAL_TEST_IPAM_FILE")!, results.OfType<string>(), Etcd.Stop);
    }

    private Process Start(string name)
    {
        string method = $"{typeof(IpamParallelTests).FullName}.{nameof(Worker)}";
        ProcessStartInfo start = new(Environment.ProcessPath!, ["-noLogo", "-noColor", "-explicit", "only", "-method", method]) { RedirectStandardOutput = true };
        start.Environment[EndpointVariable] = etcd!.Endpoint;
        start.Environment[NameVariable] = name;
        start.Environment["CANAL_TEST_IPAM_FILE"] = Path.Combine(etcd.Folder, name);
        return Process.Start(start)!;
    }

    private async Task<string[]> ReadAsync(Process worker)
    {
        using Process process = worker;
        string file = worker.StartInfo.Environment["CANAL_TEST_IPAM_FILE"]!;
        string output = await worker.StandardOutput.ReadToEndAsync(Etcd.Stop);
        await worker.WaitForExitAsync(Etcd.Stop);
        Assert.True(File.Exists(file), output);
        return await File.ReadAllLinesAsync(file, Etcd.Stop);
    }

    /// <summary>All assignments in etcd; checks that the handles count them.</summary>
    private static async Task<List<string>> StoredAsync(EtcdStore store)
    {
        List<string> found = [];
        List<string> handles = [];
        foreach (EtcdEntry entry in (await store.SnapshotAsync([KeyRange.Prefix(IpamKey.Blocks), KeyRange.Prefix($"{IpamKey.Root}handle/")], Etcd.Stop)).Entries)
        {
            Assert.True(IpamKey.TryParse(entry.Key.Span, out IpamKey key));
            if (key.Kind == IpamKeyKind.Handle)
            {
                Assert.Equal(1, Assert.Single(IpamCodec.DecodeHandle(entry.Value.Span).Value!.Blocks).Count);
                handles.Add(key.HandleId!);
                continue;
            }
            IpamBlock block = IpamCodec.DecodeBlock(entry.Value.Span).Value!;
            for (int i = 0; i < block.Allocations.Count; i++)
                if (block.Allocations[i] is { } at) found.Add($"{block.Attributes[at].HandleId} {block.Cidr.AddressAt((UInt128)i)}");
        }
        Assert.Equal(handles.Order(), found.Select(line => line.Split(' ')[0]).Order());
        return found;
    }
}
