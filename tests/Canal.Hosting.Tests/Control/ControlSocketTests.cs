using System.Net.Sockets;
using System.Text;

namespace Canal.Hosting.Tests;

public sealed class ControlSocketTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly CancellationTokenSource _stop = new(TimeSpan.FromSeconds(60));

    private string Path => _folder.At("felix.sock");

    public void Dispose()
    {
        _stop.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_request_is_answered_when_it_is_done()
    {
        using ControlSocketServer server = ControlSocketServer.Listen(Path);
        TaskCompletionSource reloaded = new();
        Task running = server.RunAsync(async (request, cancel) =>
        {
            await reloaded.Task.WaitAsync(cancel);
            return request == "reload" ? ControlResponse.Ok("changed: log.level\nchanged: health.port\n") : ControlResponse.Failed($"unknown request {request}");
        }, _stop.Token);

        Task<ControlResponse> reload = ControlSocketClient.AskAsync(Path, "reload", _stop.Token);
        Task<ControlResponse> nonsense = ControlSocketClient.AskAsync(Path, "non\u001bsense", _stop.Token);
        Assert.False(reload.IsCompleted);
        reloaded.SetResult();
        Assert.Equal(ControlResponse.Ok("changed: log.level\nchanged: health.port\n"), await reload);
        Assert.Equal(ControlResponse.Failed("unknown request non\\x1bsense"), await nonsense);
        await _stop.CancelAsync();
        await running;
    }

    [Fact]
    public async Task An_answer_that_throws_is_the_callers_error_and_the_daemon_goes_on()
    {
        using ControlSocketServer server = ControlSocketServer.Listen(Path);
        _ = server.RunAsync((request, _) => request == "ping" ? Task.FromResult(ControlResponse.Ok()) : throw new InvalidOperationException("no\nway"), _stop.Token);
        Assert.Equal(ControlResponse.Failed("InvalidOperationException: no\\nway"), await ControlSocketClient.AskAsync(Path, "x", _stop.Token));
        Assert.Equal(ControlResponse.Ok(), await ControlSocketClient.AskAsync(Path, "ping", _stop.Token));
    }

    [Fact]
    public async Task The_socket_is_for_owner_and_group_and_goes_with_the_server()
    {
        using (ControlSocketServer server = ControlSocketServer.Listen(Path))
            Assert.Equal("UserWrite, UserRead, GroupWrite, GroupRead".Split(", ").Order(), $"{File.GetUnixFileMode(Path)}".Split(", ").Order());
        Assert.False(File.Exists(Path));
        IOException error = await Assert.ThrowsAsync<IOException>(() => ControlSocketClient.AskAsync(Path, "ping", _stop.Token));
        Assert.StartsWith($"nobody answers on {Path}: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dead_daemons_socket_is_replaced_and_a_living_ones_is_not()
    {
        // A bound socket that does not listen is what a killed daemon leaves: the name is there and connect(2) is refused.
        using (Socket dead = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            dead.Bind(new UnixDomainSocketEndPoint(Path));
            using ControlSocketServer server = ControlSocketServer.Listen(Path);
            _ = server.RunAsync((_, _) => Task.FromResult(ControlResponse.Ok("new")), _stop.Token);
            Assert.Equal("new", (await ControlSocketClient.AskAsync(Path, "ping", _stop.Token)).Body);
            Assert.Equal($"listen on {Path}: another daemon answers there", Assert.Throws<IOException>(() => ControlSocketServer.Listen(Path)).Message);
            Assert.Equal("new", (await ControlSocketClient.AskAsync(Path, "ping", _stop.Token)).Body);
        }
    }

    [Fact]
    public void A_file_that_is_no_socket_is_left_alone()
    {
        _folder.Write("felix.sock", "precious");
        Assert.Equal($"listen on {Path}: there is a file of this name that is no socket", Assert.Throws<IOException>(() => ControlSocketServer.Listen(Path)).Message);
        Assert.Equal("precious", File.ReadAllText(Path));
        string tooLong = _folder.At(new string('x', 200));
        Assert.Equal($"{tooLong}: too long for a socket's name", Assert.Throws<IOException>(() => ControlSocketServer.Listen(tooLong)).Message);
    }

    [Theory]
    [InlineData(ControlSocketServer.LargestRequestBytes, "ok\n")]
    [InlineData(ControlSocketServer.LargestRequestBytes + 1, "error the request is no line of at most 1024 bytes\n")]
    public async Task A_request_line_is_bounded(int length, string expected)
    {
        using ControlSocketServer server = ControlSocketServer.Listen(Path);
        _ = server.RunAsync((_, _) => Task.FromResult(ControlResponse.Ok()), _stop.Token);
        using Socket client = await ConnectAsync();
        await client.SendAsync(Encoding.ASCII.GetBytes(new string('x', length) + "\n"), _stop.Token);
        Assert.Equal(expected, await ReadAllAsync(client));
    }

    [Fact]
    public async Task Callers_beyond_the_bound_wait_for_a_place()
    {
        using ControlSocketServer server = ControlSocketServer.Listen(Path);
        int atOnce = 0, most = 0;
        using SemaphoreSlim proceed = new(0);
        _ = server.RunAsync(async (_, cancel) =>
        {
            int now = Interlocked.Increment(ref atOnce);
            InterlockedMaximum(ref most, now);
            await proceed.WaitAsync(cancel);
            Interlocked.Decrement(ref atOnce);
            return ControlResponse.Ok();
        }, _stop.Token);
        Task<ControlResponse>[] callers = [.. Enumerable.Range(0, 5 * ControlSocketServer.MostConnections).Select(_ => ControlSocketClient.AskAsync(Path, "ping", _stop.Token))];
        while (Volatile.Read(ref most) < ControlSocketServer.MostConnections)
            await Task.Delay(1, _stop.Token);
        proceed.Release(callers.Length);
        Assert.All(await Task.WhenAll(callers), response => Assert.Equal(ControlResponse.Ok(), response));
        Assert.Equal(ControlSocketServer.MostConnections, most);
    }

    [Fact]
    public async Task A_daemon_that_dies_while_it_answers_is_an_error()
    {
        using Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(Path));
        listener.Listen();
        Task<ControlResponse> asked = ControlSocketClient.AskAsync(Path, "reload", _stop.Token);
        (await listener.AcceptAsync(_stop.Token)).Shutdown(SocketShutdown.Both);
        Assert.Equal($"{Path}: the daemon ended before it had answered", (await Assert.ThrowsAsync<IOException>(() => asked)).Message);
    }

    private static void InterlockedMaximum(ref int target, int value)
    {
        for (int seen = Volatile.Read(ref target); seen < value; seen = Volatile.Read(ref target))
            Interlocked.CompareExchange(ref target, value, seen);
    }

    private async Task<Socket> ConnectAsync()
    {
        Socket client = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await client.ConnectAsync(new UnixDomainSocketEndPoint(Path), _stop.Token);
        return client;
    }

    private async Task<string> ReadAllAsync(Socket client)
    {
        using StreamReader reader = new(new NetworkStream(client));
        return await reader.ReadToEndAsync(_stop.Token);
    }
}
