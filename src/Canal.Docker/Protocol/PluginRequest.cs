using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Canal.Docker;

/// <summary>A request as it came.</summary>
/// <param name="Line">The first line.</param>
/// <param name="Body">Valid until the next request is read.</param>
/// <param name="Refusal">Why it was not read to its end; the connection has to end then. Null when it was.</param>
internal sealed record PluginRequest(string Line, ReadOnlyMemory<byte> Body, DriverException? Refusal = null);

/// <summary>Takes HTTP/1.1 requests (RFC 9112) off a connection, one after another.</summary>
internal sealed class PluginRequestReader(NetworkStream stream)
{
    public const int LargestHead = 16 * 1024, LargestBody = 1 << 20;

    private static readonly byte[] EndOfHead = "\r\n\r\n"u8.ToArray();

    private byte[] buffer = new byte[LargestHead];
    private int held;
    private int taken;

    /// <summary>The next request; null when the other side has nothing more to say.</summary>
    public async Task<PluginRequest?> NextAsync(CancellationToken stop)
    {
        // What was read beyond the last request is the beginning of this one.
        buffer.AsSpan(taken, held - taken).CopyTo(buffer);
        (held, taken) = (held - taken, 0);
        int head;
        while ((head = buffer.AsSpan(0, held).IndexOf(EndOfHead)) < 0)
        {
            if (held >= LargestHead) return Refused("", HttpStatusCode.RequestHeaderFieldsTooLarge, $"the request's head is longer than {LargestHead} bytes");
            if (!await ReadAsync(LargestHead, stop)) return null;
        }
        string[] lines = Encoding.ASCII.GetString(buffer, 0, head).Split("\r\n");
        if (IsChunked(lines)) return Refused(lines[0], HttpStatusCode.LengthRequired, "a request needs a Content-Length");
        if (LengthOf(lines) is not { } length) return Refused(lines[0], HttpStatusCode.RequestEntityTooLarge, $"a Content-Length of at most {LargestBody} is needed");
        int begin = head + EndOfHead.Length;
        taken = begin + length;
        if (buffer.Length < taken) Array.Resize(ref buffer, taken);
        while (held < taken)
            if (!await ReadAsync(taken, stop)) return null;
        return new PluginRequest(lines[0], buffer.AsMemory(begin, length));
    }

    private async Task<bool> ReadAsync(int until, CancellationToken stop)
    {
        int read = await stream.ReadAsync(buffer.AsMemory(held, until - held), stop);
        held += read;
        return read > 0;
    }

    private static PluginRequest Refused(string line, HttpStatusCode status, string sentence) => new(line, default, new DriverException(sentence, status));

    private static bool IsChunked(string[] head) => head.Skip(1).Any(line => line.StartsWith("Transfer-Encoding:", StringComparison.OrdinalIgnoreCase));

    /// <summary>0 when it is missing; null when it is wrong or too large.</summary>
    private static int? LengthOf(string[] head)
    {
        const string Name = "Content-Length:";
        string? line = head.Skip(1).FirstOrDefault(line => line.StartsWith(Name, StringComparison.OrdinalIgnoreCase));
        if (line is null) return 0;
        return int.TryParse(line.AsSpan(Name.Length).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int length) && length <= LargestBody ? length : null;
    }
}
