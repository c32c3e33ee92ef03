using System.Text;
using System.Text.Json.Nodes;
using Canal.Core.Resources;
using Canal.Datastore;

namespace Canal.Ctl;

/// <summary>Puts exported address management into an etcd that has none.</summary>
internal sealed class IpamImport(EtcdStore etcd)
{
    private const int KeysAtOnce = 100;

    /// <summary>The import of an IPAMConfiguration has written them already.</summary>
    private static readonly string Settings = IpamKey.Config.ToEtcdKey();

    /// <summary>The entries of a document; what is wrong with it is added.</summary>
    public static List<(string Key, byte[] Value)> Read(SourceDocument document, List<string> errors)
    {
        List<(string, byte[])> entries = [];
        foreach (JsonNode? entry in document.Document.Root["entries"] as JsonArray ?? [])
        {
            string key = Text(entry, "key"), value = Text(entry, "value");
            byte[] bytes = Encoding.UTF8.GetBytes(value);
            if (!IpamKey.TryParse(Encoding.UTF8.GetBytes(key), out IpamKey parsed) || !IsGood(parsed, bytes))
                errors.Add($"{document.Origin}: {Problem.Quote(key)}: is not address management");
            else
                entries.Add((key, bytes));
        }
        return entries;
    }

    /// <summary>Anything is there already.</summary>
    public async Task<bool> IsInUseAsync(CancellationToken stop)
    {
        await foreach (EtcdPage page in etcd.ListAsync(KeyRange.Prefix(IpamKey.Root), stop))
            return page.Entries.Length > 0;
        return false;
    }

    /// <summary>Writes all; false when somebody else writes there too.</summary>
    public async Task<bool> WriteAsync(IReadOnlyList<(string Key, byte[] Value)> entries, CancellationToken stop)
    {
        foreach ((string Key, byte[] Value)[] some in entries.Chunk(KeysAtOnce))
        {
            EtcdTransaction transaction = new();
            foreach ((string key, byte[] value) in some)
                _ = key == Settings ? transaction.Put(key, value) : transaction.IfAbsent(key).Put(key, value);
            if (!(await etcd.CommitAsync(transaction, stop)).Succeeded)
                return false;
        }
        return true;
    }

    private static bool IsGood(IpamKey key, byte[] value) => key.Kind switch
    {
        IpamKeyKind.Block => IpamCodec.DecodeBlock(value).Value is not null,
        IpamKeyKind.Handle => IpamCodec.DecodeHandle(value).Value is not null,
        IpamKeyKind.Affinity => IpamCodec.DecodeAffinity(value).Value is not null,
        _ => IpamCodec.DecodeConfig(value).Value is not null,
    };

    private static string Text(JsonNode? at, string name) => at?[name] is JsonValue value && value.TryGetValue(out string? text) ? text : "";
}
