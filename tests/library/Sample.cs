// Registers a virtual machine's interface as an endpoint, waits until a watcher has seen it, and takes it away.
// Usage: sample http://127.0.0.1:2379
using Canal.Core.Resources;
using Canal.Datastore;

await using EtcdChannel channel = new(new EtcdOptions { Endpoints = [args[0]] }, TimeProvider.System);
EtcdStore etcd = new(channel);

// What calicoctl would take, as JSON. The name follows from the spec.
ResourceDocument document = ResourceDocument.Parse("""
    {
      "apiVersion": "projectcalico.org/v3", "kind": "WorkloadEndpoint",
      "metadata": { "namespace": "default", "labels": { "role": "db" } },
      "spec": { "node": "host-a", "orchestrator": "sample", "workload": "vm1", "endpoint": "eth0",
                "interfaceName": "calivm1", "ipNetworks": ["10.65.0.10/32"] }
    }
    """u8, out _)!;
List<Problem> problems = [.. ResourceDefaults.Apply(document), .. ResourceValidation.Validate(document)];
if (problems.Count > 0 || !document.TryGetKey(out ResourceKey key)) throw new InvalidOperationException(string.Join("; ", problems));

EtcdWatcher watcher = new(channel, [KeyRange.Prefix(ResourceKinds.Of(ResourceKind.WorkloadEndpoint).Prefix)], new EtcdWatcherOptions(), TimeProvider.System, new Random());
await foreach (WatchBatch batch in watcher.WatchAsync(CancellationToken.None))
{
    if (batch is WatchBatch.SnapshotComplete)
    {
        // Only if it is not there yet; nothing that somebody else wrote is lost.
        EtcdCommit created = await etcd.CommitAsync(new EtcdTransaction().IfAbsent(key.ToEtcdKey()).Put(key.ToEtcdKey(), document.ToStoredBytes()), default);
        Console.WriteLine(created.Succeeded ? $"registered {key}" : $"{key} is there already");
    }
    if (batch is not WatchBatch.Events events) continue;
    foreach (WatchEvent change in events.Changes.ToArray().Where(change => change.Entry.KeyText == key.ToEtcdKey()))
    {
        if (change.IsDelete)
        {
            Console.WriteLine($"{key} is gone");
            return;
        }
        WorkloadEndpoint seen = (WorkloadEndpoint)ResourceCodec.Decode(key, change.Entry.Value).Resource!;
        Console.WriteLine($"saw {seen.Spec.InterfaceName} with {string.Join(", ", seen.Spec.IpNetworks)} and role {seen.Metadata.Labels["role"]}");
        await etcd.CommitAsync(new EtcdTransaction().IfModRevision(key.ToEtcdKey(), change.Entry.ModRevision).Delete(key.ToEtcdKey()), default);
    }
}
