using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Canal.Core.Addressing;
using Canal.Core.Ipam;
using Canal.Core.Resources;
using Canal.Datastore;
using Canal.Hosting;

namespace Canal.Workloads;

/// <summary>Deletes what a container had in etcd; what cannot be deleted because etcd is away is kept in a folder, and caught up later.</summary>
internal sealed class PendingDeletes(EtcdStore etcd, IpamStore ipam, string folder)
{
    private const int MostAtOnce = 100;

    /// <summary>Whether something is kept.</summary>
    public bool Any => Directory.Exists(folder) && Directory.EnumerateFiles(folder, "*.json").Any();

    /// <summary>Deletes now or keeps it for later: only a full disk makes it fail, and what <paramref name="interfaceGone"/> fails with.</summary>
    /// <param name="what">What to delete.</param>
    /// <param name="interfaceGone">Ends when nobody can send from the container's addresses any more: they are released after it, now or later.</param>
    /// <param name="stop">Ends it.</param>
    /// <returns>Why it was kept; null when it is done.</returns>
    public async Task<string?> DeleteAsync(PendingDelete what, Task interfaceGone, CancellationToken stop)
    {
        try
        {
            await TryDeleteAsync(what, interfaceGone, stop);
            await CatchUpAsync(stop);
            return null;
        }
        catch (Exception e) when (e is EtcdException or IpamException)
        {
            await interfaceGone;
            Keep(what);
            return e.Message;
        }
    }

    /// <summary>Deletes what was kept; one that fails again stays.</summary>
    public async Task CatchUpAsync(CancellationToken stop)
    {
        if (!Directory.Exists(folder)) return;
        foreach (string file in Directory.EnumerateFiles(folder, "*.json").Take(MostAtOnce).ToArray())
        {
            if (Read(file) is { } what) await TryDeleteAsync(what, Task.CompletedTask, stop);
            File.Delete(file);
        }
    }

    private async Task TryDeleteAsync(PendingDelete what, Task interfaceGone, CancellationToken stop)
    {
        if (what.Endpoint is { } endpoint) await DeleteEndpointAsync(endpoint, what.ContainerId, stop);
        if (what.HandleId is { } handle) await ipam.ReleaseAsync(handle, interfaceGone, stop);
        await interfaceGone;
        if (what.Address is { } address) await ReleaseAsync(address, what.HandlePrefix, stop);
    }

    // A pod may have been started anew meanwhile, under the same name.
    private async Task DeleteEndpointAsync(ResourceKey key, string containerId, CancellationToken stop)
    {
        string etcdKey = key.ToEtcdKey();
        while ((await etcd.GetAsync(etcdKey, stop)).Entry is { } entry)
        {
            if (ResourceCodec.Decode(key, entry.Value).Resource is WorkloadEndpoint other && other.Spec.ContainerId.Length > 0 && other.Spec.ContainerId != containerId) return;
            if ((await etcd.CommitAsync(new EtcdTransaction().IfModRevision(etcdKey, entry.ModRevision).Delete(etcdKey), stop)).Succeeded) return;
        }
    }

    private async Task ReleaseAsync(IpAddress address, string prefix, CancellationToken stop)
    {
        string? holder = await ipam.HolderAsync(address, stop);
        if (holder == prefix || (holder?.StartsWith($"{prefix}.", StringComparison.Ordinal) ?? false))
            await ipam.ReleaseAsync([new ReleaseTarget(address, holder)], stop);
    }

    private void Keep(PendingDelete what)
    {
        Directory.CreateDirectory(folder);
        JsonObject json = new()
        {
            ["containerID"] = what.ContainerId,
            ["endpoint"] = what.Endpoint?.ToEtcdKey(),
            ["handle"] = what.HandleId,
            ["address"] = what.Address?.ToString(),
            ["handlePrefix"] = what.HandlePrefix,
        };
        byte[] text = ResourceDocument.From(json).ToBytes();
        AtomicFile.Write(Path.Combine(folder, $"{Convert.ToHexStringLower(SHA256.HashData(text))}.json"), text, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private static PendingDelete? Read(string file)
    {
        try
        {
            if (ResourceDocument.Parse(File.ReadAllBytes(file), out _)?.Root is not { } json) return null;
            ResourceKey? endpoint = ResourceKey.TryParse(Text(json, "endpoint"), out ResourceKey key, out _) && key.Kind == ResourceKind.WorkloadEndpoint ? key : null;
            IpAddress? address = IpAddress.TryParse(Text(json, "address"), out IpAddress parsed) ? parsed : null;
            return new PendingDelete(Text(json, "containerID"), endpoint, Text(json, "handle") is { Length: > 0 } handle ? handle : null)
            {
                Address = address,
                HandlePrefix = Text(json, "handlePrefix"),
            };
        }
        catch (FileNotFoundException)
        {
            // Another call has just done it.
            return null;
        }
    }

    private static string Text(JsonObject json, string field) => json[field] is JsonValue value && value.TryGetValue(out string? text) ? text : "";
}
