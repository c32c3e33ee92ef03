using Etcdserverpb;
using Google.Protobuf;
using Grpc.Core;

namespace Canal.Datastore;

/// <summary>The RPC <c>etcdserverpb.KV/Range</c> with <see cref="RangePageReader"/> in place of the generated reader.</summary>
internal static class RangeMethod
{
    public static Method<RangeRequest, RangePage> Instance { get; } =
        new(MethodType.Unary, "etcdserverpb.KV", "Range", Marshallers.Create<RangeRequest>(Write, NotRead), Marshallers.Create<RangePage>(NotWritten, Read));

    private static void Write(RangeRequest request, SerializationContext context)
    {
        context.SetPayloadLength(request.CalculateSize());
        request.WriteTo(context.GetBufferWriter());
        context.Complete();
    }

    private static RangePage Read(DeserializationContext context) => RangePageReader.Read(context.PayloadAsReadOnlySequence());

    private static RangeRequest NotRead(DeserializationContext context) => throw new NotSupportedException("a client only writes requests");

    private static void NotWritten(RangePage page, SerializationContext context) => throw new NotSupportedException("a client only reads answers");
}
