using System.Text;
using System.Text.Json;

namespace Canal.Ctl;

/// <summary>JSON for eyes and programs alike: indented, with a line end.</summary>
internal static class JsonText
{
    public static void Write(TextWriter to, Action<Utf8JsonWriter> write)
    {
        using MemoryStream text = new();
        using (Utf8JsonWriter json = new(text, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
            write(json);
        to.Write(Encoding.UTF8.GetString(text.GetBuffer().AsSpan(0, (int)text.Length)));
        to.Write('\n');
    }
}
