using System.Buffers;

namespace Canal.Datastore;

/// <summary>
/// Reads <c>etcdserverpb.RangeResponse</c> (etcd api/etcdserverpb/rpc.proto) without an object per key: a hundred thousand keys are read at
/// start, and the generated classes would allocate five objects for each.
/// </summary>
internal sealed class RangePageReader
{
    /// <summary>Below the runtime's large-object limit of 85 000 bytes, as is a portion: 1024 entries of 56 bytes.</summary>
    private const int ChunkBytes = 64 << 10;
    private const int PortionEntries = 1024;

    private readonly List<ReadOnlyMemory<EtcdEntry>> portions = [];
    private EtcdEntry[] portion = [];
    private int portionCount;
    private int count;
    private byte[] chunk = [];
    private int chunkUsed;
    private ulong clusterId;
    private ulong raftTerm;
    private long revision;
    private bool more;

    private RangePageReader()
    {
    }

    /// <summary>Reads one message, copying what it keeps.</summary>
    /// <exception cref="InvalidDataException">The message is not a RangeResponse.</exception>
    public static RangePage Read(ReadOnlySequence<byte> message) =>
        new RangePageReader().ReadMessage(message.IsSingleSegment ? message.FirstSpan : message.ToArray());

    private RangePage ReadMessage(ReadOnlySpan<byte> message)
    {
        ProtobufReader reader = new(message);
        while (!reader.AtEnd)
        {
            uint tag = reader.ReadTag();
            switch (tag)
            {
                case (1 << 3) | 2: ReadHeader(reader.ReadBytes()); break;
                case (2 << 3) | 2: Add(ReadEntry(Keep(reader.ReadBytes()))); break;
                case 3 << 3: more = reader.ReadVarint() != 0; break;
                default: reader.Skip(tag); break;
            }
        }
        EndPortion();
        return new RangePage { ClusterId = clusterId, RaftTerm = raftTerm, Revision = revision, More = more, Portions = portions, Count = count, Bytes = message.Length };
    }

    private void ReadHeader(ReadOnlySpan<byte> header)
    {
        ProtobufReader reader = new(header);
        while (!reader.AtEnd)
        {
            uint tag = reader.ReadTag();
            switch (tag)
            {
                case 1 << 3: clusterId = reader.ReadVarint(); break;
                case 3 << 3: revision = (long)reader.ReadVarint(); break;
                case 4 << 3: raftTerm = reader.ReadVarint(); break;
                default: reader.Skip(tag); break;
            }
        }
    }

    /// <summary><c>mvccpb.KeyValue</c> (etcd api/mvccpb/kv.proto).</summary>
    private static EtcdEntry ReadEntry(ReadOnlyMemory<byte> message)
    {
        ReadOnlyMemory<byte> key = default, value = default;
        long createRevision = 0, modRevision = 0, lease = 0;
        ProtobufReader reader = new(message.Span);
        while (!reader.AtEnd)
        {
            uint tag = reader.ReadTag();
            switch (tag)
            {
                case (1 << 3) | 2: key = Field(message, ref reader); break;
                case 2 << 3: createRevision = (long)reader.ReadVarint(); break;
                case 3 << 3: modRevision = (long)reader.ReadVarint(); break;
                case (5 << 3) | 2: value = Field(message, ref reader); break;
                case 6 << 3: lease = (long)reader.ReadVarint(); break;
                default: reader.Skip(tag); break;
            }
        }
        return new EtcdEntry { Key = key, Value = value, CreateRevision = createRevision, ModRevision = modRevision, Lease = lease };
    }

    private static ReadOnlyMemory<byte> Field(ReadOnlyMemory<byte> message, ref ProtobufReader reader)
    {
        int length = reader.ReadBytes().Length;
        return message.Slice(reader.Position - length, length);
    }

    /// <summary>gRPC takes its buffer back after parsing, so the bytes move to chunks of ours.</summary>
    private ReadOnlyMemory<byte> Keep(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > ChunkBytes / 4)
            return bytes.ToArray();
        if (bytes.Length > chunk.Length - chunkUsed)
        {
            chunk = GC.AllocateUninitializedArray<byte>(ChunkBytes);
            chunkUsed = 0;
        }
        bytes.CopyTo(chunk.AsSpan(chunkUsed));
        chunkUsed += bytes.Length;
        return chunk.AsMemory(chunkUsed - bytes.Length, bytes.Length);
    }

    private void Add(EtcdEntry entry)
    {
        if (portionCount == portion.Length)
        {
            if (portionCount == PortionEntries)
                EndPortion();
            Array.Resize(ref portion, Math.Clamp(portionCount * 4, 4, PortionEntries));
        }
        portion[portionCount++] = entry;
        count++;
    }

    private void EndPortion()
    {
        if (portionCount > 0)
            portions.Add(portion.AsMemory(0, portionCount));
        portion = [];
        portionCount = 0;
    }
}
