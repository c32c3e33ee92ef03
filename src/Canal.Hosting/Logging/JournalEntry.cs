using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Serilog.Events;

namespace Canal.Hosting;

/// <summary>
/// One entry in the journal's native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL): <c>NAME=value\n</c>, or, for a value with a line feed, <c>NAME\n</c>, its length
/// in bytes as 64 bit little endian, the value, <c>\n</c>.
/// </summary>
internal static class JournalEntry
{
    public static void Write(IBufferWriter<byte> to, LogEvent logEvent, string identifier)
    {
        Field(to, "MESSAGE", LogText.Message(logEvent));
        Field(to, "PRIORITY", JournalPriority.Of(logEvent.Level).ToString());
        Field(to, "SYSLOG_IDENTIFIER", identifier);
        foreach ((string name, LogEventPropertyValue value) in logEvent.Properties)
            Field(to, JournalFieldName.Of(name), LogText.Value(value));
        if (logEvent.Exception is { } exception)
            Field(to, "CANAL_EXCEPTION", exception.ToString());
    }

    internal static void Field(IBufferWriter<byte> to, string name, string value)
    {
        Encoding.UTF8.GetBytes(name, to);
        if (value.Contains('\n'))
            WriteLength(to, Encoding.UTF8.GetByteCount(value));
        else
            to.Write("="u8);
        Encoding.UTF8.GetBytes(value, to);
        to.Write("\n"u8);
    }

    private static void WriteLength(IBufferWriter<byte> to, int length)
    {
        to.Write("\n"u8);
        BinaryPrimitives.WriteUInt64LittleEndian(to.GetSpan(sizeof(ulong)), (ulong)length);
        to.Advance(sizeof(ulong));
    }
}
