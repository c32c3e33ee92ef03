using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Canal.Hosting;

/// <summary>The PEM files that an https service shows itself by, and checks its clients by.</summary>
/// <param name="CertFile">Its certificate, with those between it and its authority.</param>
/// <param name="KeyFile">The certificate's private key.</param>
/// <param name="CaFile">The authorities of its clients; empty where none are checked.</param>
/// <param name="Clients">What is asked of them.</param>
public sealed record TlsFiles(string CertFile, string KeyFile, string CaFile, ClientCertificates Clients)
{
    /// <summary>As the files are now. Revocation is not checked: private authorities seldom publish any.</summary>
    /// <exception cref="IOException">One cannot be read, is missing, or is not what it should be; a sentence, without what it holds.</exception>
    internal SslServerAuthenticationOptions Read()
    {
        X509Certificate2Collection chain = Certificates("certificate", CertFile);
        return new SslServerAuthenticationOptions
        {
            // Offline: never ask the network for a missing intermediate.
            ServerCertificateContext = SslStreamCertificateContext.Create(OwnCertificate(), chain, offline: true),
            ClientCertificateRequired = Clients != ClientCertificates.None,
            CertificateChainPolicy = Clients is ClientCertificates.VerifyIfGiven or ClientCertificates.RequireAndVerify ? Trust(Certificates("certificate authorities", CaFile)) : null,
            RemoteCertificateValidationCallback = (_, certificate, _, errors) => IsWelcome(certificate, errors),
        };
    }

    private bool IsWelcome(X509Certificate? certificate, SslPolicyErrors errors) => Clients switch
    {
        ClientCertificates.None => true,
        ClientCertificates.RequireAny => certificate is not null,
        ClientCertificates.VerifyIfGiven => certificate is null || errors == SslPolicyErrors.None,
        _ => errors == SslPolicyErrors.None,
    };

    private static X509ChainPolicy Trust(X509Certificate2Collection authorities)
    {
        X509ChainPolicy policy = new() { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.AddRange(authorities);
        return policy;
    }

    private X509Certificate2 OwnCertificate() => Of("private key", KeyFile, key => X509Certificate2.CreateFromPem(File.ReadAllText(CertFile), key));

    private static X509Certificate2Collection Certificates(string what, string file) => Of(what, file, pem =>
    {
        X509Certificate2Collection found = [];
        found.ImportFromPem(pem);
        return found.Count > 0 ? found : throw new CryptographicException("it holds no certificate");
    });

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
