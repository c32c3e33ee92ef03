using System.Buffers;
using CsCheck;
using Etcdserverpb;
using Google.Protobuf;
using Mvccpb;

namespace Canal.Datastore.Tests;

/// <summary>The generated classes are the measure: what they write, our reader reads.</summary>
public sealed class RangePageReaderTests
{
    private static readonly Gen<KeyValue> Kvs = Gen.Select(Gen.Byte.Array[0, 20], Gen.Byte.Array[0, 300], Gen.Long, Gen.Long, Gen.Long).Select(t => new KeyValue
    {
        Key = ByteString.CopyFrom(t.Item1),
        Value = ByteString.CopyFrom(t.Item2),
        CreateRevision = t.Item3,
        ModRevision = t.Item4,
        Version = 3,
        Lease = t.Item5,
    });

    private static readonly Gen<RangeResponse> Responses = Gen.Select(Kvs.Array[0, 50], Gen.Bool, Gen.ULong, Gen.Long).Select(t => new RangeResponse
    {
        Header = new ResponseHeader { ClusterId = t.Item3, Revision = t.Item4, RaftTerm = 9, MemberId = 3 },
        Kvs = { t.Item1 },
        More = t.Item2,
        Count = 77,
    });

    [Fact]
    public void Every_answer_reads_as_it_was_written() => Responses.Sample(response =>
    {
        RangePage page = Read(response.ToByteArray());
        Assert.Equal((response.Header.ClusterId, 9UL, response.Header.Revision, response.More, response.Kvs.Count),
            (page.ClusterId, page.RaftTerm, page.Revision, page.More, page.Count));
        EtcdEntry[] entries = page.Portions.SelectMany(portion => portion.ToArray()).ToArray();
        Assert.Equal(response.Kvs, entries.Select(Back));
    }, iter: 500);

    [Fact]
    public void No_bytes_at_all_crash_it() => Gen.Byte.Array[0, 60].Sample(bytes => ReadsOrRefuses(bytes), iter: 20_000);

    [Fact]
    public void An_answer_cut_off_or_spoiled_anywhere_is_refused_or_read_but_never_crashes() => Gen.Select(Responses, Gen.Int[0, 100_000], Gen.Byte).Sample((response, at, value) =>
    {
        byte[] bytes = response.ToByteArray();
        at %= bytes.Length;
        ReadsOrRefuses(bytes[..at]);
        bytes[at] = value;
        ReadsOrRefuses(bytes);
    }, iter: 2000);

    [Fact]
    public void Thousands_of_entries_and_entries_of_any_size_come_in_order_and_whole()
    {
        RangeResponse response = new() { Header = new ResponseHeader() };
        for (int i = 0; i < 5000; i++)
            response.Kvs.Add(new KeyValue { Key = ByteString.CopyFromUtf8($"{i}"), Value = ByteString.CopyFrom(new byte[i % 7 == 0 ? i * 17 : 30]), CreateRevision = 1, ModRevision = 1, Version = 3 });
        RangePage page = Read(response.ToByteArray());
        Assert.Equal(response.Kvs, page.Portions.SelectMany(portion => portion.ToArray()).Select(Back));
        Assert.All(page.Portions, portion => Assert.InRange(portion.Length, 1, 1024));
        Assert.Equal("4999", page.Last!.Value.KeyText);
    }

    [Fact]
    public void Fields_of_a_newer_server_are_passed_over()
    {
        RangeResponse response = new() { Kvs = { new KeyValue { Key = ByteString.CopyFromUtf8("a") } } };
        byte[] bytes = [.. response.ToByteArray(), 0x78, 0x05, 0x82, 0x01, 0x02, 0x41, 0x42, 0x8d, 0x01, 1, 2, 3, 4];
        Assert.Equal("a", Read(bytes).Last!.Value.KeyText);
    }

    private static void ReadsOrRefuses(byte[] bytes)
    {
        try
        {
            Read(bytes);
        }
        catch (InvalidDataException error)
        {
            Assert.StartsWith("malformed answer from etcd: ", error.Message, StringComparison.Ordinal);
        }
    }

    private static RangePage Read(byte[] bytes) => RangePageReader.Read(new ReadOnlySequence<byte>(bytes));

    private static KeyValue Back(EtcdEntry entry) => new()
    {
        Key = ByteString.CopyFrom(entry.Key.Span),
        Value = ByteString.CopyFrom(entry.Value.Span),
        CreateRevision = entry.CreateRevision,
        ModRevision = entry.ModRevision,
        Version = 3,
        Lease = entry.Lease,
    };
}
