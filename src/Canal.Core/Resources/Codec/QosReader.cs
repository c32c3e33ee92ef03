namespace Canal.Core.Resources;

/// <summary>Reads traffic limits.</summary>
internal static class QosReader
{
    public static QosControls? Read(ref JsonScanner json)
    {
        QosControls qos = new();
        if (!json.BeginObject()) return null;
        while (json.NextField())
        {
            if (json.Is("ingressBandwidth"u8)) qos = qos with { IngressBandwidth = Limit(ref json) };
            else if (json.Is("egressBandwidth"u8)) qos = qos with { EgressBandwidth = Limit(ref json) };
            else if (json.Is("ingressBurst"u8)) qos = qos with { IngressBurst = Limit(ref json) };
            else if (json.Is("egressBurst"u8)) qos = qos with { EgressBurst = Limit(ref json) };
            else if (json.Is("ingressPeakrate"u8)) qos = qos with { IngressPeakrate = Limit(ref json) };
            else if (json.Is("egressPeakrate"u8)) qos = qos with { EgressPeakrate = Limit(ref json) };
            else if (json.Is("ingressMinburst"u8)) qos = qos with { IngressMinburst = Limit(ref json) };
            else if (json.Is("egressMinburst"u8)) qos = qos with { EgressMinburst = Limit(ref json) };
            else if (json.Is("ingressPacketRate"u8)) qos = qos with { IngressPacketRate = Limit(ref json) };
            else if (json.Is("egressPacketRate"u8)) qos = qos with { EgressPacketRate = Limit(ref json) };
            else if (json.Is("ingressPacketBurst"u8)) qos = qos with { IngressPacketBurst = Limit(ref json) };
            else if (json.Is("egressPacketBurst"u8)) qos = qos with { EgressPacketBurst = Limit(ref json) };
            else if (json.Is("ingressMaxConnections"u8)) qos = qos with { IngressMaxConnections = Limit(ref json) };
            else if (json.Is("egressMaxConnections"u8)) qos = qos with { EgressMaxConnections = Limit(ref json) };
            else if (json.Is("dscp"u8)) qos = qos with { Dscp = ReadDscp(ref json) };
            else json.SkipValue();
        }
        return qos;
    }

    // Zero is what Go writes for a limit that is not set.
    private static long? Limit(ref JsonScanner json) => json.Integer(0, long.MaxValue) is { } limit and > 0 ? limit : null;

    private static byte? ReadDscp(ref JsonScanner json)
    {
        Span<char> buffer = stackalloc char[64];
        ReadOnlySpan<char> text = buffer[..json.NumberOrCharacters(buffer)];
        if (Dscp.TryParse(text, out byte value)) return value;
        if (!text.IsEmpty) json.Drop($"{Problem.Quote(text)} is not a DSCP; it is left out");
        return null;
    }
}
