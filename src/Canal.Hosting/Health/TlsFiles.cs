using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Canal.Certificates;

namespace Canal.Hosting;

/// <summary>The PEM files that an https service shows itself by, and checks its clients by.</summary>
/// <param name="CertFile">Its certificate, with those between it and its authority.</param>
/// <param name="KeyFile">The certificate's private key.</param>
/// <param name="CaFile">The authorities of its clients; empty where none are checked.</param>
/// <param name="Clients">What is asked of them.</param>
public sealed record TlsFiles(string CertFile, string KeyFile, string CaFile, ClientCertificates Clients)
{
    /// <summary>As the files are now.</summary>
    /// <exception cref="IOException">One cannot be read, is missing, or is not what it should be; a sentence, without what it holds.</exception>
    internal SslServerAuthenticationOptions Read()
    {
        string own = Of("certificate", CertFile, Checked);
        return new SslServerAuthenticationOptions
        {
            ServerCertificateContext = Of("private key", KeyFile, key => PemCertificates.Own(own, key)),
            ClientCertificateRequired = Clients != ClientCertificates.None,
            CertificateChainPolicy = Clients is ClientCertificates.VerifyIfGiven or ClientCertificates.RequireAndVerify ? Of("certificate authorities", CaFile, PemCertificates.Trust) : null,
            RemoteCertificateValidationCallback = (_, certificate, _, errors) => IsWelcome(certificate, errors),
        };
    }

    /// <summary>The text itself, so that a certificate that is none is told of its own file, not of the key's.</summary>
    private static string Checked(string pem)
    {
        PemCertificates.All(pem);
        return pem;
    }

    private bool IsWelcome(X509Certificate? certificate, SslPolicyErrors errors) => Clients switch
    {
        ClientCertificates.None => true,
        ClientCertificates.RequireAny => certificate is not null,
        ClientCertificates.VerifyIfGiven => certificate is null || errors == SslPolicyErrors.None,
        _ => errors == SslPolicyErrors.None,
    };

    private static T Of<T>(string what, string file, Func<string, T> parse)
    {
        if (file.Length == 0) throw new IOException($"TLS: there is no file of the {what}");
        try
        {
            return parse(File.ReadAllText(file));
        }
        // A key that belongs to another certificate is an ArgumentException.
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new IOException($"TLS: {what}: {file}: {error.Message}", error);
        }
    }
}
