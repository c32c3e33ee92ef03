using System.Net;
using System.Net.Sockets;
using Canal.Testing;
using Serilog;

namespace Canal.Hosting.Tests;

public sealed class HttpServiceTests : IDisposable
{
    private readonly CancellationTokenSource _stop = new(TimeSpan.FromSeconds(60));
    private readonly HttpService _service = new("serving tests", LogEventKind.Of("test", new string('1', 32)),
        new Dictionary<string, Func<HttpAnswer>> { ["/x"] = () => new HttpAnswer(200, "well\n") }, TimeProvider.System, new LoggerConfiguration().CreateLogger());

    public void Dispose()
    {
        _stop.Cancel();
        _service.Dispose();
        _stop.Dispose();
    }

    [Fact]
    public async Task It_comes_moves_and_goes_with_the_configuration()
    {
        IPEndPoint first = Free(), second = Free();
        Task running = _service.RunAsync(_stop.Token);
        _service.Configure(first);
        await UntilAsync(first, served: true);
        _service.Configure(second);
        await UntilAsync(second, served: true);
        await UntilAsync(first, served: false);
        _service.Configure(null);
        await UntilAsync(second, served: false);
        Assert.False(running.IsCompleted);
    }

    [Fact]
    public async Task A_taken_address_ends_nothing_and_is_served_when_it_is_free()
    {
        IPEndPoint address = Free();
        Task running;
        using (Socket other = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))
        {
            other.Bind(address);
            other.Listen();
            _service.Configure(address);
            running = _service.RunAsync(_stop.Token);
            await Task.Delay(50, _stop.Token);
            Assert.False(running.IsCompleted);
        }
        await UntilAsync(address, served: true);
    }

    private async Task UntilAsync(IPEndPoint address, bool served)
    {
        while (await IsServedAsync(address) != served) await Task.Delay(10, _stop.Token);
    }

    private async Task<bool> IsServedAsync(IPEndPoint address)
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(address, _stop.Token);
            await socket.SendAsync("GET /x HTTP/1.1\r\n\r\n"u8.ToArray(), _stop.Token);
            using StreamReader reader = new(new NetworkStream(socket));
            return (await reader.ReadToEndAsync(_stop.Token)).EndsWith("well\n", StringComparison.Ordinal);
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return false;
        }
    }

    private static IPEndPoint Free() => new(IPAddress.Loopback, FreePort.Next());
}
