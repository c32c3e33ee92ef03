using System.Buffers.Text;
using System.Text;

namespace Canal.Core.Labels;

/// <summary>Calico's identity of a set by its content: <c>prefix:base64url(SHA-224("prefix:content"))</c>, without padding.</summary>
/// <remarks>Prefixes in use: <c>s</c> selector, <c>n</c> named port, <c>svc</c> and <c>svcnoport</c> service. Kernel set names are cut from it, so it must agree with Calico's.</remarks>
public static class ContentId
{
    /// <summary>The identity: the prefix, a colon and 38 characters of <c>A-Za-z0-9_-</c>.</summary>
    public static string Of(string prefix, string content)
    {
        byte[] message = Encoding.UTF8.GetBytes($"{prefix}:{content}");
        Span<byte> hash = stackalloc byte[Sha224.HashSize];
        Sha224.Hash(message, hash);
        return $"{prefix}:{Base64Url.EncodeToString(hash)}";
    }
}
