using System.Net;
using System.Net.Sockets;

namespace Canal.Datastore;

/// <summary>Where one etcd member listens.</summary>
/// <param name="Text">As the operator wrote it; what errors name.</param>
/// <param name="Channel">The address for the gRPC channel; its host is what a server certificate is checked against.</param>
/// <param name="Socket">What to connect to.</param>
internal sealed record EndpointAddress(string Text, Uri Channel, EndPoint Socket)
{
    private const string UnixPrefix = "unix://";

    public static bool TryParse(string? text, out EndpointAddress? address, out string error)
    {
        address = null;
        error = "";
        if (string.IsNullOrWhiteSpace(text))
            error = "is empty";
        else if (text.StartsWith(UnixPrefix, StringComparison.Ordinal))
            return TryParseUnix(text, out address, out error);
        else if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) || uri.Scheme is not ("http" or "https"))
            error = $"'{text}' is not an address: write http://host:port, https://host:port or unix:///path";
        else if (uri.UserInfo.Length > 0)
            error = "must not hold a user name or password: use username and password_file";
        else if (uri.PathAndQuery != "/" || uri.Fragment.Length > 0)
            error = $"'{text}' has a path: write only {uri.Scheme}://host:port";
        else if (!HasPort(text.TrimEnd('/')))
            error = $"'{text}' has no port: etcd's is usually 2379";
        else
            address = new(text, uri, Peer(uri));
        return address is not null;
    }

    private static bool TryParseUnix(string text, out EndpointAddress? address, out string error)
    {
        string path = text[UnixPrefix.Length..];
        // sockaddr_un.sun_path holds 108 bytes with its final zero (unix(7)).
        bool good = path.StartsWith('/') && System.Text.Encoding.UTF8.GetByteCount(path) < 108;
        address = good ? new(text, new Uri("http://localhost/"), new UnixDomainSocketEndPoint(path)) : null;
        error = good ? "" : $"'{text}' is not an absolute socket path of fewer than 108 bytes";
        return good;
    }

    /// <summary><see cref="Uri.IsDefaultPort"/> cannot tell a written :80 from none, and a forgotten port must not mean 80.</summary>
    private static bool HasPort(string text)
    {
        int digits = text.Length - 1;
        while (char.IsAsciiDigit(text[digits]))
            digits--;
        return text[digits] == ':' && digits < text.Length - 1;
    }

    private static EndPoint Peer(Uri uri) =>
        IPAddress.TryParse(uri.Host.Trim('[', ']'), out IPAddress? ip) ? new IPEndPoint(ip, uri.Port) : new DnsEndPoint(uri.Host, uri.Port);
}
