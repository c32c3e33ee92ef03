using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Canal.Testing;
using Serilog;

namespace Canal.Hosting.Tests;

/// <summary>What is served with TLS: to whom, and what becomes of files that are wrong or renewed.</summary>
public sealed class HttpsTests : IDisposable
{
    private static readonly LogEventKind Kind = LogEventKind.Of("test", new string('1', 32));
    private static readonly Dictionary<string, Func<HttpAnswer>> Routes = new() { ["/x"] = () => new HttpAnswer(200, "well\n") };

    private readonly CancellationTokenSource _stop = new(TimeSpan.FromSeconds(60));
    private readonly TestCertificates _ours = new(), _others = new();
    private readonly (string CertFile, string KeyFile) _server;
    private readonly (string CertFile, string KeyFile) _client;

    public HttpsTests() => (_server, _client) = (_ours.Issue("server"), _ours.Issue("client"));

    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
        _ours.Dispose();
        _others.Dispose();
    }

    [Theory]
    [InlineData(ClientCertificates.None, true, true, true)]
    [InlineData(ClientCertificates.RequireAny, false, true, true)]
    [InlineData(ClientCertificates.VerifyIfGiven, true, true, false)]
    [InlineData(ClientCertificates.RequireAndVerify, false, true, false)]
    public async Task Who_is_served(ClientCertificates asked, bool withoutCertificate, bool withOurs, bool withOthers)
    {
        using HttpEndpoint endpoint = Listen(Files(asked));
        Task running = endpoint.RunAsync(_stop.Token);
        Assert.Equal(withoutCertificate, await IsServedAsync(endpoint.Address));
        Assert.Equal(withOurs, await IsServedAsync(endpoint.Address, _client));
        Assert.Equal(withOthers, await IsServedAsync(endpoint.Address, _others.Issue("stranger")));
        Assert.False(running.IsCompleted);
    }

    [Fact]
    public async Task Without_TLS_nothing_is_told()
    {
        using HttpEndpoint endpoint = Listen(Files(ClientCertificates.None));
        Task running = endpoint.RunAsync(_stop.Token);
        using Socket plain = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await plain.ConnectAsync(endpoint.Address, _stop.Token);
        await plain.SendAsync("GET /x HTTP/1.1\r\n\r\n"u8.ToArray(), _stop.Token);
        Assert.DoesNotContain("well", await AllAsync(new NetworkStream(plain)), StringComparison.Ordinal);
        Assert.True(await IsServedAsync(endpoint.Address));
        Assert.False(running.IsCompleted);
    }

    [Fact]
    public async Task A_client_that_says_nothing_is_let_go()
    {
        using HttpEndpoint endpoint = HttpEndpoint.Listen(Loopback(), Routes, TimeSpan.FromMilliseconds(200), Files(ClientCertificates.None));
        _ = endpoint.RunAsync(_stop.Token);
        using Socket silent = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await silent.ConnectAsync(endpoint.Address, _stop.Token);
        Assert.Equal("", await AllAsync(new NetworkStream(silent)));
    }

    [Fact]
    public async Task A_renewed_certificate_is_shown_to_the_next_client()
    {
        using HttpEndpoint endpoint = Listen(Files(ClientCertificates.None));
        _ = endpoint.RunAsync(_stop.Token);
        string before = await ShownAsync(endpoint.Address);
        (string certFile, string keyFile) = _ours.Issue("renewed");
        File.Move(certFile, _server.CertFile, overwrite: true);
        File.Move(keyFile, _server.KeyFile, overwrite: true);
        Assert.Equal("CN=server", before);
        Assert.Equal("CN=renewed", await ShownAsync(endpoint.Address));
    }

    [Theory]
    [InlineData("missing")]
    [InlineData("no certificate")]
    [InlineData("another's key")]
    [InlineData("no authorities")]
    public void Files_that_are_wrong_are_named_and_nothing_is_served(string wrong)
    {
        (TlsFiles files, string named) = wrong switch
        {
            "missing" => (Files(ClientCertificates.None) with { CertFile = "/nowhere/cert.pem" }, "/nowhere/cert.pem"),
            "no certificate" => (Files(ClientCertificates.None) with { CertFile = _server.KeyFile }, _server.KeyFile),
            "another's key" => (Files(ClientCertificates.None) with { KeyFile = _client.KeyFile }, _client.KeyFile),
            _ => (Files(ClientCertificates.RequireAndVerify) with { CaFile = "" }, "certificate authorities"),
        };
        IOException refused = Assert.Throws<IOException>(() => Listen(files));
        Assert.Contains(named, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Service_with_a_certificate_that_breaks_stops_and_begins_again_when_it_is_mended()
    {
        using HttpService service = new("serving tests", Kind, Routes, TimeProvider.System, new LoggerConfiguration().CreateLogger());
        IPEndPoint address = new(IPAddress.Loopback, FreePort.Next());
        service.Configure(address, Files(ClientCertificates.None));
        Task running = service.RunAsync(_stop.Token);
        await UntilAsync(address, served: true);
        string good = await File.ReadAllTextAsync(_server.CertFile, _stop.Token);
        await File.WriteAllTextAsync(_server.CertFile, "nothing", _stop.Token);
        await UntilAsync(address, served: false);
        await File.WriteAllTextAsync(_server.CertFile, good, _stop.Token);
        await UntilAsync(address, served: true);
        Assert.False(running.IsCompleted);
    }

    private static IPEndPoint Loopback() => new(IPAddress.Loopback, 0);

    private static HttpEndpoint Listen(TlsFiles files) => HttpEndpoint.Listen(Loopback(), Routes, files);

    private TlsFiles Files(ClientCertificates asked) => new(_server.CertFile, _server.KeyFile, _ours.CaFile, asked);

    private async Task UntilAsync(IPEndPoint address, bool served)
    {
        while (await IsServedAsync(address) != served) await Task.Delay(10, _stop.Token);
    }

    private async Task<bool> IsServedAsync(IPEndPoint address, (string CertFile, string KeyFile)? client = null)
    {
        try
        {
            using SslStream stream = await ConnectAsync(address, client);
            await stream.WriteAsync("GET /x HTTP/1.1\r\n\r\n"u8.ToArray(), _stop.Token);
            string answer = await AllAsync(stream);
            return answer.StartsWith("HTTP/1.1 200 OK", StringComparison.Ordinal) && answer.EndsWith("well\n", StringComparison.Ordinal);
        }
        // With TLS 1.3 a client learns only after its handshake that it is not welcome.
        catch (Exception e) when (e is IOException or SocketException or AuthenticationException)
        {
            return false;
        }
    }

    private async Task<string> ShownAsync(IPEndPoint address)
    {
        using SslStream stream = await ConnectAsync(address, null);
        return stream.RemoteCertificate!.Subject;
    }

    private async Task<SslStream> ConnectAsync(IPEndPoint address, (string CertFile, string KeyFile)? client)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(address, _stop.Token);
        SslStream stream = new(new NetworkStream(socket, ownsSocket: true));
        X509ChainPolicy trust = new() { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        trust.CustomTrustStore.ImportFromPemFile(_ours.CaFile);
        await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "127.0.0.1",
            CertificateChainPolicy = trust,
            ClientCertificateContext = client is { } own ? SslStreamCertificateContext.Create(X509Certificate2.CreateFromPemFile(own.CertFile, own.KeyFile), [], offline: true) : null,
        }, _stop.Token);
        return stream;
    }

    private async Task<string> AllAsync(Stream stream)
    {
        using StreamReader reader = new(stream, Encoding.UTF8);
        try
        {
            return await reader.ReadToEndAsync(_stop.Token);
        }
        catch (IOException)
        {
            return "";
        }
    }
}
