using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Canal.Datastore;

/// <summary>Reads the certificates that https endpoints are spoken to with.</summary>
internal static class EtcdTls
{
    /// <summary>The client's side of TLS; each endpoint's own host is checked against its certificate. Revocation is not checked: private authorities seldom publish any.</summary>
    /// <exception cref="EtcdException">A file cannot be read or is not what it should be.</exception>
    public static SslClientAuthenticationOptions Read(EtcdOptions options) => new()
    {
        CertificateChainPolicy = string.IsNullOrEmpty(options.CaFile) ? null : Trust(Authorities(options.CaFile)),
        ClientCertificateContext = string.IsNullOrEmpty(options.CertFile) ? null : ClientCertificate(options.CertFile, options.KeyFile!),
    };

    private static X509ChainPolicy Trust(X509Certificate2Collection authorities)
    {
        X509ChainPolicy policy = new() { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.AddRange(authorities);
        return policy;
    }

    private static X509Certificate2Collection Authorities(string file) => ReadFile("ca_file", file, () =>
    {
        X509Certificate2Collection found = [];
        found.ImportFromPem(Text(file));
        return found.Count > 0 ? found : throw new CryptographicException("it holds no certificate");
    });

    private static SslStreamCertificateContext ClientCertificate(string certFile, string keyFile)
    {
        X509Certificate2Collection chain = ReadFile("cert_file", certFile, () =>
        {
            X509Certificate2Collection found = [];
            found.ImportFromPem(Text(certFile));
            return found;
        });
        ReadFile("key_file", keyFile, () => Text(keyFile).Length);
        X509Certificate2 certificate = ReadFile("cert_file and key_file", $"{EtcdOptions.NameOf(certFile)}, {EtcdOptions.NameOf(keyFile)}", () => X509Certificate2.CreateFromPem(Text(certFile), Text(keyFile)));
        // Offline: never ask the network for a missing intermediate.
        return SslStreamCertificateContext.Create(certificate, chain, offline: true);
    }

    private static string Text(string file) => EtcdOptions.IsPem(file) ? file : File.ReadAllText(file);

    private static T ReadFile<T>(string field, string file, Func<T> read)
    {
        try
        {
            return read();
        }
        // A key that belongs to another certificate is an ArgumentException.
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new EtcdException(EtcdFailure.Configuration, $"{field}: {EtcdOptions.NameOf(file)}: {error.Message}", error);
        }
    }
}
