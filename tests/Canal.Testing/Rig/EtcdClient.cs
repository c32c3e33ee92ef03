using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Canal.Testing.Rig;

/// <summary>The few etcd calls a test makes, over etcd's JSON gateway, from inside the fabric: it keeps working while hosts are cut off.</summary>
public sealed class EtcdClient : IDisposable
{
    private readonly HttpClient http;

    internal EtcdClient(Netns fabric)
    {
        SocketsHttpHandler handler = new() { UseProxy = false, ConnectCallback = (_, cancellation) => Connect(fabric, cancellation) };
        http = new HttpClient(handler) { BaseAddress = new Uri("http://127.0.0.1:2379"), Timeout = TimeSpan.FromSeconds(60) };
    }

    /// <summary>Puts a value and returns the revision.</summary>
    public async Task<long> Put(string key, string value) =>
        Revision(await Call("kv/put", new JsonObject { ["key"] = Encode(key), ["value"] = Encode(value) }));

    /// <summary>Deletes a key; true when it existed.</summary>
    public async Task<bool> Delete(string key) =>
        (await Call("kv/deleterange", new JsonObject { ["key"] = Encode(key) }))["deleted"] is not null;

    /// <summary>The value of a key, or null.</summary>
    public async Task<string?> Get(string key)
    {
        JsonNode answer = await Call("kv/range", new JsonObject { ["key"] = Encode(key) });
        return answer["kvs"]?[0]?["value"] is { } value ? Encoding.UTF8.GetString(Convert.FromBase64String(value.GetValue<string>())) : null;
    }

    /// <summary>Keys below a prefix.</summary>
    public async Task<IReadOnlyList<string>> Keys(string prefix)
    {
        string end = prefix[..^1] + (char)(prefix[^1] + 1);
        JsonNode answer = await Call("kv/range", new JsonObject { ["key"] = Encode(prefix), ["range_end"] = Encode(end), ["keys_only"] = true });
        return [.. (answer["kvs"]?.AsArray() ?? []).Select(kv => Encoding.UTF8.GetString(Convert.FromBase64String(kv!["key"]!.GetValue<string>())))];
    }

    /// <summary>Compacts everything up to the present revision, so that a watch from any earlier one must fail.</summary>
    public async Task CompactAll()
    {
        long revision = Revision(await Call("kv/range", new JsonObject { ["key"] = Encode("/") }));
        await Call("kv/compaction", new JsonObject { ["revision"] = revision.ToString(), ["physical"] = true });
    }

    public void Dispose() => http.Dispose();

    private async Task<JsonNode> Call(string method, JsonObject request)
    {
        using HttpResponseMessage response = await Post(method, request.ToJsonString());
        string text = await response.Content.ReadAsStringAsync();
        if (!response.IsSuccessStatusCode)
            throw new InvalidOperationException($"etcd {method}: {(int)response.StatusCode} {text}");
        return JsonNode.Parse(text)!;
    }

    // A pooled connection may have died with a stopped etcd; every call here may be repeated.
    private async Task<HttpResponseMessage> Post(string method, string body)
    {
        for (int attempt = 0; ; attempt++)
        {
            using StringContent content = new(body, new MediaTypeHeaderValue("application/json"));
            try
            {
                return await http.PostAsync("/v3/" + method, content);
            }
            catch (HttpRequestException) when (attempt < 2)
            {
                await Task.Delay(50);
            }
        }
    }

    private static async ValueTask<Stream> Connect(Netns fabric, CancellationToken cancellation)
    {
        Socket socket = fabric.Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.NoDelay = true;
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, 2379), cancellation);
        return new NetworkStream(socket, ownsSocket: true);
    }

    private static string Encode(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private static long Revision(JsonNode answer) => long.Parse(answer["header"]!["revision"]!.GetValue<string>());
}
