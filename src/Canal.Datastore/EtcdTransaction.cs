using Etcdserverpb;
using Google.Protobuf;

namespace Canal.Datastore;

/// <summary>
/// What to write, and the conditions under which to write it; all or nothing. Used once, by one thread. Without conditions it is always carried
/// out. A transaction whose answer was lost (<see cref="EtcdException.OutcomeUnknown"/>) may have happened.
/// </summary>
public sealed class EtcdTransaction
{
    private readonly TxnRequest request = new();
    private readonly HashSet<ByteString> compared = [];

    /// <summary>Only if there is no such key.</summary>
    public EtcdTransaction IfAbsent(string key) =>
        If(key, new Compare { Target = Compare.Types.CompareTarget.Version, Version = 0 });

    /// <summary>Only if the key was last written at <paramref name="revision"/>; 0 means that it does not exist.</summary>
    public EtcdTransaction IfModRevision(string key, long revision) =>
        If(key, new Compare { Target = Compare.Types.CompareTarget.Mod, ModRevision = revision });

    /// <summary>Only if the key exists and holds exactly these bytes.</summary>
    public EtcdTransaction IfValue(string key, ReadOnlyMemory<byte> value) =>
        If(key, new Compare { Target = Compare.Types.CompareTarget.Value, Value = UnsafeByteOperations.UnsafeWrap(value) });

    /// <summary>Writes the key. The bytes must not change before the commit is over. Without a lease the key loses the one it had.</summary>
    public EtcdTransaction Put(string key, ReadOnlyMemory<byte> value, long lease = 0)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        PutRequest put = new() { Key = ByteString.CopyFromUtf8(key), Value = UnsafeByteOperations.UnsafeWrap(value), Lease = lease };
        request.Success.Add(new RequestOp { RequestPut = put });
        return this;
    }

    /// <summary>Deletes the key if it exists.</summary>
    public EtcdTransaction Delete(string key) => Delete(KeyRange.Single(key));

    /// <summary>Deletes every key of the range.</summary>
    public EtcdTransaction Delete(KeyRange range)
    {
        DeleteRangeRequest delete = new() { Key = range.Start, RangeEnd = range.End, PrevKv = true };
        request.Success.Add(new RequestOp { RequestDeleteRange = delete });
        return this;
    }

    /// <summary>The request, which also asks for the compared keys in case the conditions do not hold.</summary>
    internal TxnRequest Request => request;

    private EtcdTransaction If(string key, Compare condition)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        condition.Key = ByteString.CopyFromUtf8(key);
        condition.Result = Compare.Types.CompareResult.Equal;
        request.Compare.Add(condition);
        if (compared.Add(condition.Key))
            request.Failure.Add(new RequestOp { RequestRange = new RangeRequest { Key = condition.Key } });
        return this;
    }
}
