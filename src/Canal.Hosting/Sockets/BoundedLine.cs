using System.Text;

namespace Canal.Hosting;

/// <summary>Reads what a stranger sends, no more and for no longer than agreed.</summary>
internal static class BoundedLine
{
    /// <summary>The text before the first line feed; null when it does not come within the bounds.</summary>
    public static async Task<string?> ReadAsync(Stream stream, int largest, TimeSpan patience, CancellationToken stop) =>
        await ReadUntilAsync(stream, "\n"u8.ToArray(), largest, patience, stop) is { } text ? text.TrimEnd('\r') : null;

    /// <summary>The text before the first occurrence of the end mark; null when it does not come within the bounds. What follows the mark is dropped.</summary>
    public static async Task<string?> ReadUntilAsync(Stream stream, ReadOnlyMemory<byte> end, int largest, TimeSpan patience, CancellationToken stop)
    {
        using CancellationTokenSource deadline = CancellationTokenSource.CreateLinkedTokenSource(stop);
        deadline.CancelAfter(patience);
        byte[] buffer = new byte[largest + end.Length];
        int length = 0;
        try
        {
            while (length < buffer.Length)
            {
                int read = await stream.ReadAsync(buffer.AsMemory(length), deadline.Token);
                if (read == 0)
                    return null;
                length += read;
                int at = buffer.AsSpan(0, length).IndexOf(end.Span);
                if (at >= 0)
                    return Encoding.UTF8.GetString(buffer, 0, at);
            }
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
        }
        return null;
    }
}
