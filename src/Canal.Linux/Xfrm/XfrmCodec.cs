using System.Buffers.Binary;
using System.Text;
using Canal.Core.Addressing;
using Canal.Linux.Netlink;
using Canal.Linux.Routing;
using static Canal.Linux.Xfrm.XfrmConstants;

namespace Canal.Linux.Xfrm;

/// <summary>Messages of NETLINK_XFRM, as far as policies and the question for ESP need them.</summary>
internal static class XfrmCodec
{
    /// <summary>Nothing that can be on a wire: the loopback network's last address.</summary>
    private static readonly IpAddress Probe = IpAddress.Parse("127.255.255.254");

    private const uint ProbeSpi = 0xfeed_cafe;

    /// <summary>Asks for all policies.</summary>
    internal static void WriteList(NetlinkWriter writer) => writer.Header(PolicyIdLength);

    /// <summary>The policy in a message; null when it is none that <see cref="XfrmPolicy"/> can say.</summary>
    internal static XfrmPolicy? ReadPolicy(NetlinkMessage message)
    {
        ReadOnlySpan<byte> body = message.Payload;
        if (message.Type != XFRM_MSG_NEWPOLICY || body.Length < PolicyLength || body[PolicyDirection] > (byte)XfrmDirection.Forward || body[PolicyAction] > 1) return null;
        if (ReadSelector(body) is not var (source, destination)) return null;
        XfrmTunnel? tunnel = null;
        foreach (NetlinkAttribute attribute in message.Attributes(PolicyLength))
        {
            if (attribute.Type is XFRMA_MARK or XFRMA_IF_ID) return null;
            if (attribute.Type == XFRMA_POLICY_TYPE && attribute.Byte != 0) return null;
            if (attribute.Type == XFRMA_TMPL && (tunnel = ReadTemplate(attribute.Payload)) is null) return null;
        }
        return new XfrmPolicy
        {
            Direction = (XfrmDirection)body[PolicyDirection],
            Source = source,
            Destination = destination,
            Priority = BinaryPrimitives.ReadUInt32LittleEndian(body[PolicyPriority..]),
            IsBlock = body[PolicyAction] == 1,
            Tunnel = tunnel,
        };
    }

    private static (Cidr Source, Cidr Destination)? ReadSelector(ReadOnlySpan<byte> body)
    {
        if (AddressFamily.Read((byte)BinaryPrimitives.ReadUInt16LittleEndian(body[SelectorFamily..])) is not { } family) return null;
        byte from = body[SelectorSourceLength], to = body[SelectorDestinationLength];
        bool isNarrower = body[SelectorProtocol] != 0 || body.Slice(SelectorPorts, SelectorFamily - SelectorPorts).ContainsAnyExcept((byte)0) || BinaryPrimitives.ReadInt32LittleEndian(body[SelectorInterface..]) != 0;
        if (isNarrower || from > family.Bits || to > family.Bits) return null;
        return (new Cidr(ReadAddress(body[SelectorSource..], family), from), new Cidr(ReadAddress(body, family), to));
    }

    private static XfrmTunnel? ReadTemplate(ReadOnlySpan<byte> body)
    {
        if (body.Length != TemplateLength || body[TemplateProtocol] != IPPROTO_ESP || body[TemplateMode] != XFRM_MODE_TUNNEL || body[TemplateOptional] != 0) return null;
        if (AddressFamily.Read((byte)BinaryPrimitives.ReadUInt16LittleEndian(body[TemplateFamily..])) is not { } family) return null;
        return new XfrmTunnel(ReadAddress(body[TemplateSource..], family), ReadAddress(body, family), BinaryPrimitives.ReadUInt32LittleEndian(body[TemplateRequestId..]));
    }

    private static IpAddress ReadAddress(ReadOnlySpan<byte> bytes, IpFamily family) => IpAddress.FromBytes(bytes[..(family == IpFamily.V4 ? 4 : 16)]);

    /// <summary>A policy to be made.</summary>
    internal static void WritePolicy(NetlinkWriter writer, XfrmPolicy policy)
    {
        Span<byte> body = writer.Header(PolicyLength);
        WriteSelector(body, policy);
        body.Slice(PolicyLimits, VolumeLimits).Fill(0xff);
        BinaryPrimitives.WriteUInt32LittleEndian(body[PolicyPriority..], policy.Priority);
        body[PolicyDirection] = (byte)policy.Direction;
        body[PolicyAction] = policy.IsBlock ? (byte)1 : (byte)0;
        if (policy.Tunnel is { } tunnel) WriteTemplate(writer.Attribute(XFRMA_TMPL, TemplateLength), tunnel);
    }

    private static void WriteSelector(Span<byte> body, XfrmPolicy policy)
    {
        policy.Destination.Address.WriteBytes(body);
        policy.Source.Address.WriteBytes(body[SelectorSource..]);
        BinaryPrimitives.WriteUInt16LittleEndian(body[SelectorFamily..], AddressFamily.Number(policy.Source.Family));
        (body[SelectorDestinationLength], body[SelectorSourceLength]) = (policy.Destination.Length, policy.Source.Length);
    }

    /// <summary>Any algorithms: which they are is agreed on by the hosts.</summary>
    private static void WriteTemplate(Span<byte> body, XfrmTunnel tunnel)
    {
        tunnel.Destination.WriteBytes(body);
        body[TemplateProtocol] = IPPROTO_ESP;
        BinaryPrimitives.WriteUInt16LittleEndian(body[TemplateFamily..], AddressFamily.Number(tunnel.Source.Family));
        tunnel.Source.WriteBytes(body[TemplateSource..]);
        BinaryPrimitives.WriteUInt32LittleEndian(body[TemplateRequestId..], tunnel.RequestId);
        body[TemplateMode] = XFRM_MODE_TUNNEL;
        body.Slice(TemplateAlgorithms, TemplateLength - TemplateAlgorithms).Fill(0xff);
    }

    /// <summary>Which policy is to go.</summary>
    internal static void WritePolicyId(NetlinkWriter writer, XfrmPolicy policy)
    {
        Span<byte> body = writer.Header(PolicyIdLength);
        WriteSelector(body, policy);
        body[PolicyIdDirection] = (byte)policy.Direction;
    }

    /// <summary>A security association that nothing uses: the kernel takes it only when it has ESP.</summary>
    internal static void WriteProbe(NetlinkWriter writer)
    {
        Span<byte> body = writer.Header(StateLength);
        Probe.WriteBytes(body[StateDestination..]);
        BinaryPrimitives.WriteUInt32BigEndian(body[StateSpi..], ProbeSpi);
        body[StateProtocol] = IPPROTO_ESP;
        Probe.WriteBytes(body[StateSource..]);
        body.Slice(StateLimits, VolumeLimits).Fill(0xff);
        BinaryPrimitives.WriteUInt16LittleEndian(body[StateFamily..], AddressFamily.Number(IpFamily.V4));
        body[StateMode] = XFRM_MODE_TUNNEL;
        const int key = 20;
        Span<byte> algorithm = writer.Attribute(XFRMA_ALG_AEAD, AlgorithmHead + key);
        Encoding.ASCII.GetBytes("rfc4106(gcm(aes))", algorithm);
        BinaryPrimitives.WriteUInt32LittleEndian(algorithm[AlgorithmName..], key * 8);
        BinaryPrimitives.WriteUInt32LittleEndian(algorithm[(AlgorithmName + 4)..], 128);
        System.Security.Cryptography.RandomNumberGenerator.Fill(algorithm[AlgorithmHead..]);
    }

    /// <summary>Which security association is to go.</summary>
    internal static void WriteProbeId(NetlinkWriter writer)
    {
        Span<byte> body = writer.Header(StateIdLength);
        Probe.WriteBytes(body);
        BinaryPrimitives.WriteUInt32BigEndian(body[StateIdSpi..], ProbeSpi);
        BinaryPrimitives.WriteUInt16LittleEndian(body[StateIdFamily..], AddressFamily.Number(IpFamily.V4));
        body[StateIdProtocol] = IPPROTO_ESP;
    }
}
