using Canal.Testing;

namespace Canal.Datastore.Tests;

public sealed class EtcdOptionsTests
{
    [Theory]
    [InlineData("http://127.0.0.1:2379")]
    [InlineData("http://127.0.0.1:2379/")]
    [InlineData("https://etcd.example:2379")]
    [InlineData("https://[2001:db8::1]:2379")]
    [InlineData("http://host:80")]
    [InlineData("unix:///run/etcd.sock")]
    public void Good_endpoints_pass(string endpoint) => Assert.Empty(new EtcdOptions { Endpoints = [endpoint] }.Problems());

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("127.0.0.1:2379", "is not an address")]
    [InlineData("ftp://a:1", "is not an address")]
    [InlineData("http://a", "has no port")]
    [InlineData("https://[2001:db8::1]", "has no port")]
    [InlineData("http://a:2379/v3", "has a path")]
    [InlineData("http://a:99999", "is not an address")]
    [InlineData("unix://relative", "absolute socket path")]
    public void Bad_endpoints_are_named_with_the_reason(string endpoint, string reason)
    {
        EtcdOptionProblem problem = Assert.Single(new EtcdOptions { Endpoints = ["http://good:1", endpoint] }.Problems());
        Assert.Equal("endpoints[1]", problem.Field);
        Assert.Contains(reason, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_password_in_an_endpoint_is_refused_and_not_repeated()
    {
        EtcdOptionProblem problem = Assert.Single(new EtcdOptions { Endpoints = ["http://root:hunter2@a:2379"] }.Problems());
        Assert.DoesNotContain("hunter2", problem.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_problem_is_told_at_once()
    {
        EtcdOptions options = new() { Endpoints = [], CertFile = "c", Username = "u", RequestTimeout = TimeSpan.Zero, KeepAliveInterval = TimeSpan.FromMilliseconds(10) };
        Assert.Equal(["endpoints", "key_file", "password", "request_timeout", "keepalive_interval"], options.Problems().Select(problem => problem.Field));
    }

    [Fact]
    public void The_password_is_never_printed()
    {
        string text = new EtcdOptions { Username = "u", Password = "hunter2" }.ToString();
        Assert.DoesNotContain("hunter2", text, StringComparison.Ordinal);
        Assert.Contains("Username = u", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/no/such/ca.pem", null, null, "ca_file: /no/such/ca.pem")]
    [InlineData("/dev/null", null, null, "ca_file: /dev/null: it holds no certificate")]
    [InlineData(null, "/no/such/cert.pem", "/no/such/key.pem", "cert_file: /no/such/cert.pem")]
    public void Files_that_cannot_be_used_are_named_when_the_channel_opens(string? caFile, string? certFile, string? keyFile, string message)
    {
        EtcdOptions options = new() { CaFile = caFile, CertFile = certFile, KeyFile = keyFile };
        EtcdException error = Assert.Throws<EtcdException>(() => new EtcdChannel(options, TimeProvider.System));
        Assert.Equal(EtcdFailure.Configuration, error.Failure);
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_of_another_certificate_is_named()
    {
        using TestCertificates certificates = new();
        EtcdOptions options = new() { CertFile = certificates.Issue("a").CertFile, KeyFile = certificates.Issue("b").KeyFile };
        EtcdException error = Assert.Throws<EtcdException>(() => new EtcdChannel(options, TimeProvider.System));
        Assert.Equal(EtcdFailure.Configuration, error.Failure);
        Assert.StartsWith("cert_file and key_file: ", error.Message, StringComparison.Ordinal);
    }
}
