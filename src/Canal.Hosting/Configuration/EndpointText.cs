namespace Canal.Hosting;

/// <summary>An etcd endpoint: <c>http://host:port</c>, <c>https://host:port</c> or <c>unix:///path</c>.</summary>
internal static class EndpointText
{
    public static string? Wrong(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) || uri.Scheme is not ("http" or "https" or "unix"))
            return "is not a URL such as https://10.0.0.1:2379";
        if (uri.UserInfo.Length > 0)
            return "holds a user name: set etcd.username and etcd.password_file instead";
        if (uri.Scheme == "unix")
            return uri.AbsolutePath.Length > 1 && uri.Host.Length == 0 ? null : "is not a URL such as unix:///run/etcd.sock";
        if (uri.PathAndQuery != "/" || uri.Fragment.Length > 0)
            return "must end after the port";
        // Uri fills in 80 or 443 when there is no port; nobody means these.
        return uri.IsDefaultPort && !text.TrimEnd('/').EndsWith($":{uri.Port}", StringComparison.Ordinal) ? "has no port; etcd's usual one is 2379" : null;
    }
}
