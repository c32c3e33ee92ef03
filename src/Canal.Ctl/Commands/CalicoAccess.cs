using System.Text.Json.Nodes;
using Canal.Core.Resources;
using Canal.Hosting;

namespace Canal.Ctl;

/// <summary>Where etcd is, as calicoctl is told: by a file of kind CalicoAPIConfig or by the environment. Empty texts are not set.</summary>
internal sealed record CalicoAccess
{
    private const string EtcdType = "etcdv3";

    public static CalicoAccess None { get; } = new();

    /// <summary>Where the members are: URLs with commas between, or <see cref="EtcdDiscovery.Prefix"/> and a domain whose SRV records name them.</summary>
    public string Location { get; private init; } = "";

    public string CaFile { get; private init; } = "";

    public string CertFile { get; private init; } = "";

    public string KeyFile { get; private init; } = "";

    public string Username { get; private init; } = "";

    /// <summary>A secret: not for messages.</summary>
    public string Password { get; private init; } = "";

    /// <summary>Reads ETCD_ENDPOINTS and the like, with or without CALICO_ before them.</summary>
    /// <exception cref="CommandException">They name another datastore than etcd.</exception>
    public static CalicoAccess FromEnvironment(IReadOnlyDictionary<string, string> environment)
    {
        string read(string name) => environment.GetValueOrDefault($"CALICO_{name}") is { Length: > 0 } text ? text : environment.GetValueOrDefault(name, "");
        Refuse("environment DATASTORE_TYPE", read("DATASTORE_TYPE") is { Length: > 0 } type && type != EtcdType ? $"{Problem.Quote(type)} is not {EtcdType}: canalctl works with etcd only" : null);
        return new CalicoAccess
        {
            Location = LocationOf("environment ETCD_DISCOVERY_SRV", read("ETCD_ENDPOINTS"), read("ETCD_DISCOVERY_SRV")),
            CaFile = read("ETCD_CA_CERT_FILE"),
            CertFile = read("ETCD_CERT_FILE"),
            KeyFile = read("ETCD_KEY_FILE"),
            Username = read("ETCD_USERNAME"),
            Password = read("ETCD_PASSWORD"),
        };
    }

    /// <exception cref="CommandException">The file cannot be read or used.</exception>
    public static CalicoAccess FromFile(string path)
    {
        JsonObject root = Parse(path);
        Refuse(path, Text(root, "apiVersion") != ResourceCodec.ApiVersion ? $"apiVersion: {Problem.Quote(Text(root, "apiVersion"))} is not {ResourceCodec.ApiVersion}" : null);
        Refuse(path, Text(root, "kind") != "CalicoAPIConfig" ? $"kind: {Problem.Quote(Text(root, "kind"))} is not CalicoAPIConfig" : null);
        JsonObject spec = root["spec"] as JsonObject ?? [];
        Refuse(path, Text(spec, "datastoreType") is { Length: > 0 } type && type != EtcdType ? $"spec.datastoreType: {Problem.Quote(type)} is not {EtcdType}: canalctl works with etcd only" : null);
        // What is no certificate would be taken for a file's name, and told as one.
        foreach (string inline in (string[])["etcdKey", "etcdCert", "etcdCACert"])
            Refuse(path, Text(spec, inline) is { Length: > 0 } text && !text.TrimStart().StartsWith("-----BEGIN", StringComparison.Ordinal) ? $"spec.{inline}: is no text of PEM; the name of a file belongs to {inline}File" : null);
        return new CalicoAccess
        {
            Location = LocationOf($"{path}: spec.etcdDiscoverySrv", Text(spec, "etcdEndpoints"), Text(spec, "etcdDiscoverySrv")),
            CaFile = Either(spec, "etcdCACert"),
            CertFile = Either(spec, "etcdCert"),
            KeyFile = Either(spec, "etcdKey"),
            Username = Text(spec, "etcdUsername"),
            Password = Text(spec, "etcdPassword"),
        };
    }

    /// <summary>Either of the two, as for calicoctl, and not both.</summary>
    private static string LocationOf(string where, string endpoints, string domain)
    {
        Refuse(where, domain.Length > 0 && endpoints.Length > 0 ? "is given, and endpoints are too: give one of them" : null);
        Refuse(where, domain.Length > 0 && !EtcdDiscovery.IsDomain(domain) ? $"{Problem.Quote(domain)} is not a domain" : null);
        return domain.Length > 0 ? EtcdDiscovery.Prefix + domain : endpoints;
    }

    /// <summary>The text of a certificate or key itself, else the name of its file.</summary>
    private static string Either(JsonObject spec, string name) => Text(spec, name) is { Length: > 0 } inline ? inline : Text(spec, $"{name}File");

    /// <summary>Without the password.</summary>
    public override string ToString() => $"CalicoAccess {{ Location = {Location}, Username = {Username} }}";

    private static JsonObject Parse(string path)
    {
        try
        {
            return DocumentText.Read(File.ReadAllText(path)).FirstOrDefault()?.Root as JsonObject
                ?? throw new CommandException(ExitCode.Configuration, $"{path}: is not an object");
        }
        catch (SyntaxException error)
        {
            throw new CommandException(ExitCode.Configuration, $"{path}:{error.Line}:{error.Column}: {error.Message}");
        }
        catch (UnauthorizedAccessException error)
        {
            throw new CommandException(ExitCode.Permission, $"{path}: {error.Message}");
        }
        catch (IOException error)
        {
            throw new CommandException(ExitCode.Configuration, $"{path}: {error.Message}");
        }
    }

    private static void Refuse(string where, string? sentence)
    {
        if (sentence is not null)
            throw new CommandException(ExitCode.Configuration, $"{where}: {sentence}");
    }

    private static string Text(JsonObject at, string name) => at[name] is JsonValue value && value.TryGetValue(out string? text) ? text : "";
}
