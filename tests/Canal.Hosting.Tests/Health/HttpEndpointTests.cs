using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Canal.Hosting.Tests;

public sealed class HttpEndpointTests : IDisposable
{
    private readonly CancellationTokenSource _stop = new(TimeSpan.FromSeconds(60));
    private readonly HealthTable _table = new(TimeProvider.System);
    private readonly Dictionary<string, Func<HttpAnswer>> _routes;
    private readonly HttpEndpoint _endpoint;
    private readonly Task _running;

    public HttpEndpointTests()
    {
        _routes = HealthRoutes.Of(_table);
        _routes["/broken"] = () => throw new InvalidOperationException("no\nway");
        _endpoint = HttpEndpoint.Listen(new IPEndPoint(IPAddress.Loopback, 0), _routes, TimeSpan.FromSeconds(20));
        _running = _endpoint.RunAsync(_stop.Token);
    }

    public void Dispose()
    {
        _stop.Cancel();
        _endpoint.Dispose();
        _stop.Dispose();
    }

    [Fact]
    public async Task Without_reporters_there_is_no_detail()
    {
        Assert.Equal("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n", await AskAsync("GET /liveness HTTP/1.1\r\nHost: x\r\n\r\n"));
    }

    [Fact]
    public async Task Readiness_follows_the_reporters()
    {
        HealthReporter reporter = _table.Register("CalculationGraph", HealthAspects.LiveAndReady, TimeSpan.Zero);
        string unready = await AskAsync("GET /readiness HTTP/1.1\r\nHost: x\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 503 Service Unavailable\r\n", unready, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\n" + _table.Text(), unready, StringComparison.Ordinal);
        reporter.Report(new HealthReport(Live: true, Ready: true, "é"));
        string ready = await AskAsync("GET /readiness?x=1 HTTP/1.0\r\n\r\n");
        string body = _table.Text();
        Assert.Equal($"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}", ready);
    }

    [Theory]
    [InlineData("POST /liveness HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", "405 Method Not Allowed\r\nConnection: close\r\nAllow: GET, HEAD\r\n")]
    [InlineData("GET /metrics HTTP/1.1\r\n\r\n", "404 Not Found\r\n")]
    [InlineData("GET / HTTP/1.1\r\n\r\n", "404 Not Found\r\n")]
    [InlineData("GET /liveness HTTP/2.0\r\n\r\n", "400 Bad Request\r\n")]
    [InlineData("GET /liveness\r\n\r\n", "400 Bad Request\r\n")]
    [InlineData("\r\n\r\n", "400 Bad Request\r\n")]
    [InlineData("\u0016\u0003\u0001 nonsense\r\n\r\n", "400 Bad Request\r\n")]
    [InlineData("GET /broken HTTP/1.1\r\n\r\n", "500 Internal Server Error\r\n")]
    public async Task Anything_else_is_refused_in_http(string request, string expected) =>
        Assert.StartsWith("HTTP/1.1 " + expected, await AskAsync(request), StringComparison.Ordinal);

    [Fact]
    public async Task A_head_that_is_too_long_is_refused_and_the_answer_still_arrives()
    {
        string answer = await AskAsync("GET /liveness HTTP/1.1\r\nX: " + new string('x', 3 * HttpEndpoint.LargestHeadBytes) + "\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 400 Bad Request\r\n", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_may_come_in_pieces()
    {
        using TcpClient client = new();
        await client.ConnectAsync(_endpoint.Address, _stop.Token);
        foreach (string piece in new[] { "GET /live", "ness HTTP/1.1\r", "\n\r", "\n" })
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(piece), _stop.Token);
        Assert.StartsWith("HTTP/1.1 204 ", await ReadAllAsync(client), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_real_client_understands_it()
    {
        _table.Register("FelixStartup", HealthAspects.Live, TimeSpan.Zero);
        using HttpClient client = new();
        Assert.Equal(_table.Text(), await client.GetStringAsync(new Uri($"http://{_endpoint.Address}/liveness"), _stop.Token));
        using HttpResponseMessage head = await client.SendAsync(new HttpRequestMessage(HttpMethod.Head, new Uri($"http://{_endpoint.Address}/liveness")), _stop.Token);
        Assert.Equal((HttpStatusCode.OK, (long?)Encoding.UTF8.GetByteCount(_table.Text())), (head.StatusCode, head.Content.Headers.ContentLength));
    }

    [Fact]
    public async Task Clients_that_say_nothing_do_not_keep_others_out_for_ever()
    {
        using HttpEndpoint hasty = HttpEndpoint.Listen(new IPEndPoint(IPAddress.Loopback, 0), _routes, TimeSpan.FromSeconds(2));
        _ = hasty.RunAsync(_stop.Token);
        List<TcpClient> silent = [];
        for (int i = 0; i < HttpEndpoint.MostConnections; i++)
        {
            silent.Add(new TcpClient());
            await silent[i].ConnectAsync(hasty.Address, _stop.Token);
        }
        Assert.StartsWith("HTTP/1.1 204 ", await AskAsync("GET /liveness HTTP/1.1\r\n\r\n", hasty), StringComparison.Ordinal);
        silent.ForEach(client => client.Dispose());
    }

    [Fact]
    public async Task It_stops_when_told()
    {
        using TcpClient silent = new();
        await silent.ConnectAsync(_endpoint.Address, _stop.Token);
        await _stop.CancelAsync();
        await _running.WaitAsync(TimeSpan.FromSeconds(60));
    }

    [Fact]
    public void A_taken_port_is_an_error_with_the_address() =>
        Assert.StartsWith($"listen on {_endpoint.Address}: ", Assert.Throws<IOException>(() => HttpEndpoint.Listen(_endpoint.Address, [])).Message, StringComparison.Ordinal);

    private async Task<string> AskAsync(string request, HttpEndpoint? endpoint = null)
    {
        using TcpClient client = new();
        await client.ConnectAsync((endpoint ?? _endpoint).Address, _stop.Token);
        await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(request), _stop.Token);
        return await ReadAllAsync(client);
    }

    private async Task<string> ReadAllAsync(TcpClient client)
    {
        using StreamReader reader = new(client.GetStream(), Encoding.UTF8);
        return await reader.ReadToEndAsync(_stop.Token);
    }
}
