using Canal.Testing;

namespace Canal.Datastore.Tests;

public sealed class EtcdTlsTests : IDisposable
{
    private readonly TestCertificates certificates = new();

    public void Dispose() => certificates.Dispose();

    [Fact]
    public async Task A_server_of_a_private_authority_is_trusted_when_its_authority_is_given()
    {
        await using EtcdProcess etcd = await StartAsync(clientCertificates: false);
        await using EtcdChannel channel = Channel(Etcd.Options(etcd.Endpoint) with { CaFile = certificates.CaFile });
        await new EtcdStore(channel).PutAsync("/test/a", "1");
        await using WatchTable table = new(Etcd.Watcher(channel));
        await table.UntilInSyncAsync();
        Assert.Equal("1", table["/test/a"]);
    }

    [Fact]
    public async Task A_server_of_another_authority_is_refused_with_the_reason()
    {
        await using EtcdProcess etcd = await StartAsync(clientCertificates: false);
        using TestCertificates others = new();
        await RefusedAsync(Etcd.Options(etcd.Endpoint) with { CaFile = others.CaFile }, "RemoteCertificateChainErrors", "PartialChain", "UntrustedRoot");
        await RefusedAsync(Etcd.Options(etcd.Endpoint), "RemoteCertificateChainErrors", "PartialChain", "UntrustedRoot");
    }

    [Fact]
    public async Task A_certificate_for_another_host_is_refused()
    {
        (string certFile, string keyFile) = certificates.Issue("elsewhere", "192.0.2.1");
        // 3.4 runs a proxy to itself that fails to start when its own certificate does not fit, so the gateway is turned off.
        await using EtcdProcess etcd = await EtcdProcess.StartAsync(new() { CertFile = certFile, KeyFile = keyFile, CaFile = certificates.CaFile, Arguments = ["--enable-grpc-gateway=false"] });
        await RefusedAsync(Etcd.Options(etcd.Endpoint) with { CaFile = certificates.CaFile }, "RemoteCertificateNameMismatch");
    }

    [Fact]
    public async Task A_client_certificate_opens_a_server_that_demands_one()
    {
        await using EtcdProcess etcd = await StartAsync(clientCertificates: true);
        (string certFile, string keyFile) = certificates.Issue("felix");
        await using EtcdChannel channel = Channel(Etcd.Options(etcd.Endpoint) with { CaFile = certificates.CaFile, CertFile = certFile, KeyFile = keyFile });
        await new EtcdStore(channel).PutAsync("/test/a", "1");
    }

    [Fact]
    public async Task Certificates_and_key_may_be_given_as_text_and_are_not_told()
    {
        await using EtcdProcess etcd = await StartAsync(clientCertificates: true);
        (string certFile, string keyFile) = certificates.Issue("felix");
        EtcdOptions options = Etcd.Options(etcd.Endpoint) with { CaFile = File.ReadAllText(certificates.CaFile), CertFile = File.ReadAllText(certFile), KeyFile = File.ReadAllText(keyFile) };
        await using (EtcdChannel channel = Channel(options))
            await new EtcdStore(channel).PutAsync("/test/a", "1");
        Assert.DoesNotContain("PRIVATE KEY", options.ToString(), StringComparison.Ordinal);
        (_, string other) = certificates.Issue("other");
        EtcdException wrong = Assert.Throws<EtcdException>(() => Channel(options with { KeyFile = File.ReadAllText(other) }));
        Assert.Equal(EtcdFailure.Configuration, wrong.Failure);
        Assert.DoesNotContain("PRIVATE KEY", wrong.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_the_demanded_certificate_or_with_a_strangers_it_is_a_failure_of_tls()
    {
        await using EtcdProcess etcd = await StartAsync(clientCertificates: true);
        using TestCertificates others = new();
        (string certFile, string keyFile) = others.Issue("stranger");
        await RefusedAsync(Etcd.Options(etcd.Endpoint) with { CaFile = certificates.CaFile }, "certificate");
        await RefusedAsync(Etcd.Options(etcd.Endpoint) with { CaFile = certificates.CaFile, CertFile = certFile, KeyFile = keyFile }, "certificate");
    }

    [Fact]
    public async Task Https_to_a_plain_server_and_http_to_a_tls_server_fail_quickly()
    {
        await using EtcdProcess plain = await EtcdProcess.StartAsync();
        await using EtcdProcess secure = await StartAsync(clientCertificates: false);
        EtcdException toPlain = await FailAsync(Etcd.Options(plain.Endpoint.Replace("http:", "https:", StringComparison.Ordinal)));
        EtcdException toSecure = await FailAsync(Etcd.Options(secure.Endpoint.Replace("https:", "http:", StringComparison.Ordinal)));
        Assert.True(toPlain.Failure == EtcdFailure.Tls, toPlain.ToString());
        Assert.True(toSecure.Failure == EtcdFailure.Unavailable, toSecure.ToString());
    }

    [Fact]
    public async Task A_refused_certificate_is_told_by_the_watcher_once()
    {
        await using EtcdProcess etcd = await StartAsync(clientCertificates: false);
        using TestCertificates others = new();
        await using FaultyProxy proxy = new(etcd.Port);
        await using EtcdChannel channel = Channel(Etcd.Options(proxy.Endpoint.Replace("http:", "https:", StringComparison.Ordinal)) with { CaFile = others.CaFile });
        await using WatchTable table = new(Etcd.Watcher(channel, new EtcdWatcherOptions { BackoffLeast = TimeSpan.FromMilliseconds(1), BackoffMost = TimeSpan.FromMilliseconds(50) }));
        await table.UntilAsync(table => table.Times("lost Tls") == 1 && proxy.Accepted > 5, "several attempts");
        Assert.Equal(["lost Tls"], table.Told);
    }

    private static EtcdChannel Channel(EtcdOptions options) => new(options, TimeProvider.System);

    private static async Task<EtcdException> FailAsync(EtcdOptions options)
    {
        await using EtcdChannel channel = Channel(options);
        return await Assert.ThrowsAsync<EtcdException>(() => new EtcdStore(channel).GetAsync("/test/a", Etcd.Stop));
    }

    private static async Task RefusedAsync(EtcdOptions options, params string[] reasons)
    {
        EtcdException error = await FailAsync(options);
        Assert.True(error.Failure == EtcdFailure.Tls, error.ToString());
        Assert.True(reasons.Any(reason => error.Message.Contains(reason, StringComparison.Ordinal)), error.Message);
    }

    private Task<EtcdProcess> StartAsync(bool clientCertificates)
    {
        (string certFile, string keyFile) = certificates.Issue("server");
        (string clientCertFile, string clientKeyFile) = certificates.Issue("etcdctl");
        return EtcdProcess.StartAsync(new EtcdProcessOptions
        {
            CertFile = certFile,
            KeyFile = keyFile,
            CaFile = certificates.CaFile,
            ClientCertFile = clientCertificates ? clientCertFile : null,
            ClientKeyFile = clientCertificates ? clientKeyFile : null,
        });
    }
}
