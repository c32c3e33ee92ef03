using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Canal.Core.Resources;
using Canal.Datastore;
using Canal.Hosting;

namespace Canal.Cni;

/// <summary>Deletes what a container had in etcd; what cannot be deleted because etcd is away is kept in a folder, and caught up by the next call that
/// finds etcd there.</summary>
internal sealed class PendingDeletes(Cluster cluster)
{
    private const int MostAtOnce = 100;
    private readonly string folder = Path.Combine(cluster.Configuration.Get(CniSettings.StateDirectory), "pending");

    /// <summary>Deletes now or keeps it for later: only a full disk makes it fail.</summary>
    public async Task DeleteAsync(PendingDelete what, CancellationToken stop)
    {
        try
        {
            await TryDeleteAsync(what, stop);
            await CatchUpAsync(stop);
        }
        catch (Exception e) when (e is EtcdException or IpamException)
        {
            await Console.Error.WriteLineAsync($"canal: {e.Message}; {what.HandleId ?? what.ContainerId} is deleted later");
            Keep(what);
        }
    }

    /// <summary>Deletes what was kept; one that fails again stays.</summary>
    public async Task CatchUpAsync(CancellationToken stop)
    {
        if (!Directory.Exists(folder)) return;
        foreach (string file in Directory.EnumerateFiles(folder, "*.json").Take(MostAtOnce).ToArray())
        {
            if (Read(file) is { } what) await TryDeleteAsync(what, stop);
            File.Delete(file);
        }
    }

    private async Task TryDeleteAsync(PendingDelete what, CancellationToken stop)
    {
        if (what.Endpoint is { } endpoint) await DeleteEndpointAsync(endpoint, what.ContainerId, stop);
        if (what.HandleId is { } handle) await cluster.Ipam.ReleaseAsync(handle, stop);
    }

    // A pod may have been started anew meanwhile, under the same name.
    private async Task DeleteEndpointAsync(ResourceKey key, string containerId, CancellationToken stop)
    {
        string etcdKey = key.ToEtcdKey();
        while ((await cluster.Etcd.GetAsync(etcdKey, stop)).Entry is { } entry)
        {
            if (ResourceCodec.Decode(key, entry.Value).Resource is WorkloadEndpoint other && other.Spec.ContainerId.Length > 0 && other.Spec.ContainerId != containerId) return;
            if ((await cluster.Etcd.CommitAsync(new EtcdTransaction().IfModRevision(etcdKey, entry.ModRevision).Delete(etcdKey), stop)).Succeeded) return;
        }
    }

    private void Keep(PendingDelete what)
    {
        Directory.CreateDirectory(folder);
        JsonObject json = new() { ["containerID"] = what.ContainerId, ["endpoint"] = what.Endpoint?.ToEtcdKey(), ["handle"] = what.HandleId };
        byte[] text = Encoding.UTF8.GetBytes(json.ToJsonString(CniJson.Relaxed));
        AtomicFile.Write(Path.Combine(folder, $"{Convert.ToHexStringLower(SHA256.HashData(text))}.json"), text, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private static PendingDelete? Read(string file)
    {
        try
        {
            JsonObject json = CniJson.Parse(File.ReadAllBytes(file));
            ResourceKey? endpoint = ResourceKey.TryParse(CniJson.Text(json, "endpoint"), out ResourceKey key, out _) && key.Kind == ResourceKind.WorkloadEndpoint ? key : null;
            return new PendingDelete(CniJson.Text(json, "containerID"), endpoint, CniJson.Text(json, "handle") is { Length: > 0 } handle ? handle : null);
        }
        catch (Exception e) when (e is CniException or FileNotFoundException)
        {
            // Another call has just done it, or it is not ours to understand.
            return null;
        }
    }
}
