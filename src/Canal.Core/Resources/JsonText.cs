using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Canal.Core.Resources;

/// <summary>How JSON is written to etcd: compact, with only the escapes JSON needs.</summary>
internal static class JsonText
{
    // Relaxed means not safe inside HTML, where none of this ever goes; the strict encoder would turn every selector's quotes into six characters.
    public static JsonWriterOptions Options { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A JSON string.</summary>
    public static string Quote(string text)
    {
        ArrayBufferWriter<byte> buffer = new();
        using (Utf8JsonWriter writer = new(buffer, Options)) writer.WriteStringValue(text);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
