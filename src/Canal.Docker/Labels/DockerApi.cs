using System.Net.Sockets;
using System.Text.Json.Nodes;
using Canal.Core.Resources;

namespace Canal.Docker;

/// <summary>Asks Docker over its socket which containers it has. Bounded: answers of <see cref="LargestAnswer"/>, within <see cref="Patience"/>.</summary>
internal sealed class DockerApi : IDisposable
{
    public const int LargestAnswer = 16 << 20;

    private readonly HttpClient http;

    public DockerApi(string socket)
    {
        SocketsHttpHandler handler = new() { UseProxy = false, ConnectCallback = (_, stop) => ConnectAsync(socket, stop) };
        http = new HttpClient(handler) { BaseAddress = new Uri("http://docker/"), Timeout = Patience, MaxResponseContentBufferSize = LargestAnswer };
    }

    public static TimeSpan Patience { get; } = TimeSpan.FromSeconds(10);

    /// <summary>The containers in a network, by the ids of their endpoints; those that run or are about to.</summary>
    /// <exception cref="HttpRequestException">Docker does not answer, or not well.</exception>
    public async Task<Dictionary<string, string>> ContainersOfAsync(string network, CancellationToken stop)
    {
        JsonObject answer = await GetAsync($"networks/{Uri.EscapeDataString(network)}", stop);
        Dictionary<string, string> containers = [];
        foreach ((string container, JsonNode? about) in answer.Object("Containers"))
            if (about is JsonObject known && known.Text("EndpointID") is { } endpoint && Fields.IsId(endpoint)) containers[endpoint] = container;
        return containers;
    }

    /// <summary>Labels of a container, its image's among them.</summary>
    /// <exception cref="HttpRequestException">Docker does not answer, or not well.</exception>
    public async Task<LabelMap> LabelsOfAsync(string container, CancellationToken stop)
    {
        JsonObject labels = (await GetAsync($"containers/{Uri.EscapeDataString(container)}/json", stop)).Object("Config").Object("Labels");
        return LabelMap.Create(labels.Select(label => KeyValuePair.Create(label.Key, labels.Text(label.Key))));
    }

    public void Dispose() => http.Dispose();

    private async Task<JsonObject> GetAsync(string path, CancellationToken stop)
    {
        try
        {
            using HttpResponseMessage answer = await http.GetAsync(new Uri(path, UriKind.Relative), stop);
            byte[] body = await answer.EnsureSuccessStatusCode().Content.ReadAsByteArrayAsync(stop);
            return ResourceDocument.Parse(body, out Problem problem)?.Root ?? throw new HttpRequestException($"Docker's answer to {path} {problem}");
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new HttpRequestException($"Docker did not answer within {Patience.TotalSeconds} s");
        }
    }

    private static async ValueTask<Stream> ConnectAsync(string path, CancellationToken stop)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), stop);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
