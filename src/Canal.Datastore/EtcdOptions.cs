namespace Canal.Datastore;

/// <summary>How to reach etcd. Nothing is checked on construction: ask <see cref="Problems"/>, as <see cref="EtcdChannel"/> does before it opens anything.</summary>
public sealed record EtcdOptions
{
    /// <summary><c>http://host:port</c>, <c>https://host:port</c> or <c>unix:///path/of/socket</c>; one cluster, tried in this order.</summary>
    public IReadOnlyList<string> Endpoints { get; init; } = ["http://127.0.0.1:2379"];

    /// <summary>PEM file, or its text itself, of the only authorities trusted for https endpoints; null or empty trusts the system's.</summary>
    public string? CaFile { get; init; }

    /// <summary>PEM file, or its text itself, of the client certificate, followed by its intermediates if any.</summary>
    public string? CertFile { get; init; }

    /// <summary>PEM file, or its text itself, of the client certificate's private key, unencrypted.</summary>
    public string? KeyFile { get; init; }

    /// <summary>etcd user; null or empty does not authenticate by password.</summary>
    public string? Username { get; init; }

    /// <summary>The user's password, already read from its file. Never printed.</summary>
    public string? Password { get; init; }

    /// <summary>Limit on making one TCP and TLS connection.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Limit on one request to one endpoint. A watch has none.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Silence on a connection with requests under way before an HTTP/2 ping is sent. etcd drops clients that ping more often
    /// than its <c>--grpc-keepalive-min-time</c>, 5 s unless changed.
    /// </summary>
    public TimeSpan KeepAliveInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Wait for the answer to a ping before the connection counts as broken.</summary>
    public TimeSpan KeepAliveTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Everything wrong with these options that shows without opening a file or a socket; empty when they are good.</summary>
    public IReadOnlyList<EtcdOptionProblem> Problems()
    {
        List<EtcdOptionProblem> problems = [];
        AddEndpointProblems(problems);
        AddCredentialProblems(problems);
        // One second is the least SocketsHttpHandler accepts for its pings.
        AddDurationProblem(problems, "connect_timeout", ConnectTimeout, TimeSpan.FromMilliseconds(1));
        AddDurationProblem(problems, "request_timeout", RequestTimeout, TimeSpan.FromMilliseconds(1));
        AddDurationProblem(problems, "keepalive_interval", KeepAliveInterval, TimeSpan.FromSeconds(1));
        AddDurationProblem(problems, "keepalive_timeout", KeepAliveTimeout, TimeSpan.FromSeconds(1));
        return problems;
    }

    /// <summary>The options without the password.</summary>
    public override string ToString() =>
        $"EtcdOptions {{ Endpoints = [{string.Join(", ", Endpoints)}], CaFile = {NameOf(CaFile)}, CertFile = {NameOf(CertFile)}, KeyFile = {NameOf(KeyFile)}, Username = {Username}, "
        + $"Password = {(string.IsNullOrEmpty(Password) ? "none" : "(hidden)")} }}";

    /// <summary>It is the text of a certificate or key itself, as calicoctl's configuration may have it, not a file's name.</summary>
    internal static bool IsPem(string? file) => file is not null && file.AsSpan().TrimStart().StartsWith("-----BEGIN", StringComparison.Ordinal);

    /// <summary>For messages, which no key may be in.</summary>
    internal static string? NameOf(string? file) => IsPem(file) ? "(given in the configuration)" : file;

    private void AddEndpointProblems(List<EtcdOptionProblem> problems)
    {
        if (Endpoints.Count == 0)
            problems.Add(new("endpoints", "at least one endpoint is needed, like http://127.0.0.1:2379"));
        for (int i = 0; i < Endpoints.Count; i++)
        {
            if (!EndpointAddress.TryParse(Endpoints[i], out _, out string error))
                problems.Add(new($"endpoints[{i}]", error));
        }
    }

    private void AddCredentialProblems(List<EtcdOptionProblem> problems)
    {
        if (string.IsNullOrEmpty(CertFile) != string.IsNullOrEmpty(KeyFile))
            problems.Add(new(string.IsNullOrEmpty(CertFile) ? "cert_file" : "key_file", "cert_file and key_file are needed together"));
        if (string.IsNullOrEmpty(Username) && !string.IsNullOrEmpty(Password))
            problems.Add(new("username", "a password is given without a user name"));
        if (!string.IsNullOrEmpty(Username) && string.IsNullOrEmpty(Password))
            problems.Add(new("password", $"no password for user {Username}"));
    }

    private static void AddDurationProblem(List<EtcdOptionProblem> problems, string field, TimeSpan value, TimeSpan least)
    {
        if (value < least || value > TimeSpan.FromDays(1))
            problems.Add(new(field, $"{value.TotalSeconds:0.###}s is out of range: {least.TotalSeconds:0.###}s to 1 day"));
    }
}
