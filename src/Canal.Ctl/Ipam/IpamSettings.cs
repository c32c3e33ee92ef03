using System.Text.Json.Nodes;
using Canal.Core.Resources;
using Canal.Datastore;
using Canal.Hosting;

namespace Canal.Ctl;

/// <summary>
/// The settings that address management reads. They have a key of their own: Calico reads that one alone, and keeps the resource IPAMConfiguration beside it
/// for show. Here the resource takes effect: writing one writes both, and what is shown of the resource is what is in force.
/// </summary>
internal sealed class IpamSettings(EtcdStore etcd)
{
    private const string Strict = "strictAffinity", Most = "maxBlocksPerHost", Automatic = "autoAllocateBlocks";
    private static readonly string Key = IpamKey.Config.ToEtcdKey();
    private static readonly ResourceKey Resource = new(ResourceKind.IPAMConfiguration, null, "default");

    public static bool IsShownBy(ResourceKey key) => key == Resource;

    /// <summary>What is in force, and the revision of its last write; 0 when nobody wrote it.</summary>
    /// <exception cref="CommandException">It cannot be understood.</exception>
    public async Task<(IpamConfig Config, long Revision)> ReadAsync(CancellationToken stop)
    {
        if ((await etcd.GetAsync(Key, stop)).Entry is not { } entry)
            return (IpamConfig.Default, 0);
        Decoded<IpamConfig> read = IpamCodec.DecodeConfig(entry.Value.Span);
        return (read.Value ?? throw new CommandException(ExitCode.Failure, $"{Key}: {read.Problems[0]}"), entry.ModRevision);
    }

    /// <summary>The resource with what is in force in its spec.</summary>
    public async Task<StoredResource> WithValuesAsync(StoredResource stored, CancellationToken stop)
    {
        if (stored.Document is null)
            return stored;
        (IpamConfig config, _) = await ReadAsync(stop);
        if (stored.Document.Root["spec"] is not JsonObject spec)
            stored.Document.Root["spec"] = spec = [];
        Show(spec, config);
        return stored;
    }

    /// <summary>Has a write of the resource take effect.</summary>
    public async Task AddAsync(EtcdTransaction transaction, ReadOnlyMemory<byte> resource, CancellationToken stop)
    {
        (IpamConfig before, long revision) = await ReadAsync(stop);
        JsonNode? spec = ResourceDocument.Parse(resource.Span, out _)?.Spec;
        IpamConfig after = before with
        {
            StrictAffinity = spec?[Strict]?.GetValue<bool>() ?? false,
            MaxBlocksPerHost = spec?[Most]?.GetValue<int>() ?? 0,
            AutoAllocateBlocks = spec?[Automatic]?.GetValue<bool>() ?? true,
        };
        transaction.IfModRevision(Key, revision).Put(Key, IpamWriter.Encode(after));
    }

    /// <summary>The defaults are in force again.</summary>
    public static void Remove(EtcdTransaction transaction) => transaction.Delete(Key);

    /// <summary>Changes them, and the resource where there is one, for whoever reads that.</summary>
    /// <returns>False when somebody else was faster.</returns>
    public async Task<bool> ChangeAsync(Func<IpamConfig, IpamConfig> change, CancellationToken stop)
    {
        (IpamConfig before, long revision) = await ReadAsync(stop);
        IpamConfig after = change(before);
        if (!after.StrictAffinity && after.MaxBlocksPerHost > 0)
            throw CommandException.Usage("a limit of blocks needs strict affinity: give --maxblocks=0 too");
        if (!after.StrictAffinity && !after.AutoAllocateBlocks)
            throw CommandException.Usage("without automatic blocks strict affinity is needed");
        EtcdTransaction transaction = new EtcdTransaction().IfModRevision(Key, revision).Put(Key, IpamWriter.Encode(after));
        string resource = Resource.ToEtcdKey();
        if ((await etcd.GetAsync(resource, stop)).Entry is { } entry && StoredResource.From(Resource, entry) is { Document: { Spec: JsonObject spec } document })
        {
            Show(spec, after);
            transaction.IfModRevision(resource, entry.ModRevision).Put(resource, document.ToStoredBytes());
        }
        return (await etcd.CommitAsync(transaction, stop)).Succeeded;
    }

    private static void Show(JsonObject spec, IpamConfig config)
    {
        (spec[Strict], spec[Automatic]) = (config.StrictAffinity, config.AutoAllocateBlocks);
        if (config.MaxBlocksPerHost > 0)
            spec[Most] = config.MaxBlocksPerHost;
        else
            spec.Remove(Most);
    }
}
