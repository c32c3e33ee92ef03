using System.Net.Security;
using System.Security.Cryptography;
using Canal.Certificates;

namespace Canal.Datastore;

/// <summary>Reads the certificates that https endpoints are spoken to with.</summary>
internal static class EtcdTls
{
    /// <summary>The client's side of TLS; each endpoint's own host is checked against its certificate. Revocation is not checked: private authorities seldom publish any.</summary>
    /// <exception cref="EtcdException">A file cannot be read or is not what it should be.</exception>
    public static SslClientAuthenticationOptions Read(EtcdOptions options) => new()
    {
        CertificateChainPolicy = string.IsNullOrEmpty(options.CaFile) ? null : ReadFile("ca_file", options.CaFile, () => PemCertificates.Trust(Text(options.CaFile))),
        ClientCertificateContext = string.IsNullOrEmpty(options.CertFile) ? null : ClientCertificate(options.CertFile, options.KeyFile!),
    };

    private static SslStreamCertificateContext ClientCertificate(string certFile, string keyFile)
    {
        ReadFile("cert_file", certFile, () => PemCertificates.All(Text(certFile)));
        ReadFile("key_file", keyFile, () => Text(keyFile).Length);
        return ReadFile("cert_file and key_file", $"{EtcdOptions.NameOf(certFile)}, {EtcdOptions.NameOf(keyFile)}", () => PemCertificates.Own(Text(certFile), Text(keyFile)));
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
