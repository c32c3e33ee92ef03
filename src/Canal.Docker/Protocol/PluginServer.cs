using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Canal.Core.Resources;
using Canal.Hosting;

namespace Canal.Docker;

/// <summary>
/// Just enough of HTTP/1.1 for Docker's plugin protocol on a unix socket: POST with a JSON object, one request after another on a connection. Bounded:
/// <see cref="MostConnections"/> at once, and see <see cref="PluginRequestReader"/>. Who may connect is the socket's mode. Answers are asked for on any thread, several at once.
/// </summary>
internal sealed class PluginServer(Socket listener, Func<string, JsonObject, CancellationToken, Task<JsonObject>> answer)
{
    public const int MostConnections = 32;

    private static readonly TimeSpan LastPatience = TimeSpan.FromSeconds(2);

    /// <summary>Serves until cancelled.</summary>
    public Task RunAsync(CancellationToken stop) => ConnectionLoop.RunAsync(listener, MostConnections, ServeAsync, stop);

    private async Task ServeAsync(Socket connection, CancellationToken stop)
    {
        using NetworkStream stream = new(connection);
        PluginRequestReader reader = new(stream);
        while (await reader.NextAsync(stop) is { } request)
        {
            if (request.Refusal is { } refusal)
            {
                await LastWords.SendAsync(stream, stream.Socket, Message(refusal.Status, Error(refusal.Message), last: true), LastPatience, stop);
                return;
            }
            string message = await AnswerAsync(request, stop);
            await stream.WriteAsync(Encoding.UTF8.GetBytes(message), stop);
        }
    }

    private async Task<string> AnswerAsync(PluginRequest request, CancellationToken stop)
    {
        try
        {
            if (request.Line.Split(' ') is not ["POST", ['/', .. var method], _]) throw new DriverException("only POST /METHOD is answered", HttpStatusCode.NotFound);
            return Message(HttpStatusCode.OK, await answer(method, Parse(request.Body.Span), stop));
        }
        catch (DriverException e)
        {
            return Message(e.Status, Error(e.Message));
        }
    }

    // Docker sends nothing where a method has no arguments.
    private static JsonObject Parse(ReadOnlySpan<byte> body)
    {
        if (body.Trim("\r\n\t "u8).IsEmpty) return [];
        return ResourceDocument.Parse(body, out Problem problem)?.Root ?? throw new DriverException($"the request {problem}", HttpStatusCode.BadRequest);
    }

    private static JsonObject Error(string sentence) => new() { ["Err"] = sentence };

    private static string Message(HttpStatusCode status, JsonObject body, bool last = false)
    {
        string content = JsonText(body);
        return string.Create(CultureInfo.InvariantCulture, $"""
            HTTP/1.1 {(int)status} {status}
            Content-Type: application/vnd.docker.plugins.v1.2+json
            Content-Length: {Encoding.UTF8.GetByteCount(content)}{(last ? "\nConnection: close" : "")}


            """).ReplaceLineEndings("\r\n") + content;
    }

    private static string JsonText(JsonObject body)
    {
        using MemoryStream text = new();
        using (Utf8JsonWriter writer = new(text)) body.WriteTo(writer);
        return Encoding.UTF8.GetString(text.ToArray());
    }
}
