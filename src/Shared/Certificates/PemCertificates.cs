using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Canal.Certificates;

/// <summary>
/// Certificates of either side of TLS, from PEM texts. Compiled into whoever speaks it. Methods throw CryptographicException, and ArgumentException for a key that
/// belongs to another certificate.
/// </summary>
internal static class PemCertificates
{
    /// <summary>Trust in these authorities and no others. Revocation is not checked: private authorities seldom publish any.</summary>
    public static X509ChainPolicy Trust(string authorities)
    {
        X509ChainPolicy policy = new() { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.AddRange(All(authorities));
        return policy;
    }

    /// <summary>What one shows oneself by: the certificate with its key, and those between it and its authority, which stand behind it.</summary>
    public static SslStreamCertificateContext Own(string certificates, string key) =>
        // Offline: never ask the network for a missing intermediate.
        SslStreamCertificateContext.Create(X509Certificate2.CreateFromPem(certificates, key), All(certificates), offline: true);

    /// <summary>All of a text; at least one.</summary>
    public static X509Certificate2Collection All(string pem)
    {
        X509Certificate2Collection found = [];
        found.ImportFromPem(pem);
        return found.Count > 0 ? found : throw new CryptographicException("it holds no certificate");
    }
}
