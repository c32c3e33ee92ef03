using Etcdserverpb;
using Mvccpb;

namespace Canal.Datastore;

/// <summary>Entries out of the generated protobuf classes; the bytes are shared, not copied.</summary>
internal static class Entries
{
    public static EtcdEntry From(KeyValue kv) => new()
    {
        Key = kv.Key.Memory,
        Value = kv.Value.Memory,
        CreateRevision = kv.CreateRevision,
        ModRevision = kv.ModRevision,
        Lease = kv.Lease,
    };

    public static EtcdCommit From(TxnResponse answer)
    {
        List<EtcdEntry> current = [], deleted = [];
        foreach (ResponseOp op in answer.Responses)
        {
            foreach (KeyValue kv in op.ResponseRange?.Kvs ?? [])
                current.Add(From(kv));
            foreach (KeyValue kv in op.ResponseDeleteRange?.PrevKvs ?? [])
                deleted.Add(From(kv));
        }
        return new EtcdCommit(answer.Succeeded, answer.Header?.Revision ?? 0, current, deleted);
    }
}
