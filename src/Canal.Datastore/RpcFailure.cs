using System.Net.Sockets;
using System.Security.Authentication;
using Grpc.Core;

namespace Canal.Datastore;

/// <summary>Turns gRPC's failures into <see cref="EtcdException"/>.</summary>
/// <remarks>
/// etcd tells many of its errors apart only by their text (api/v3rpc/rpctypes/error.go; its own client compares the same strings),
/// so the texts below are part of its protocol.
/// </remarks>
internal static class RpcFailure
{
    /// <summary>Detail of the answer to a login where etcd asks nobody who he is.</summary>
    public const string AuthenticationOff = "etcdserver: authentication is not enabled";

    private const string WrongPassword = "etcdserver: authentication failed, invalid user ID or password";
    private const string NoUser = "etcdserver: user name is empty";
    private const string OldToken = "etcdserver: revision of auth store is old";
    private const string InvalidToken = "etcdserver: invalid auth token";
    private const string Compacted = "etcdserver: mvcc: required revision has been compacted";
    private const string RequestTooLarge = "etcdserver: request is too large";
    private const string TooManyRequests = "etcdserver: too many requests";
    private const string Denied = "etcdserver: permission denied";

    /// <summary>The failure as an exception naming <paramref name="endpoint"/>; <paramref name="sent"/> when the request itself was under way, not only its login.</summary>
    public static EtcdException From(RpcException error, string endpoint, bool sent)
    {
        Exception? cause = error.Status.DebugException;
        EtcdFailure failure = Kind(error.StatusCode, error.Status.Detail, cause);
        string reason = failure switch
        {
            EtcdFailure.Tls => $"TLS failed: {Tls(cause)}",
            _ when error.StatusCode == StatusCode.DeadlineExceeded => "no answer in time",
            _ when cause is not null => Innermost(cause).Message,
            _ => error.Status.Detail,
        };
        return new EtcdException(failure, $"etcd at {endpoint}: {Trimmed(reason)}", error)
        {
            OutcomeUnknown = sent && !FailedToConnect(cause)
                && (failure is EtcdFailure.Unavailable or EtcdFailure.Tls || error.StatusCode is StatusCode.ResourceExhausted or StatusCode.Internal or StatusCode.Unknown),
            TokenRefused = error.Status.Detail is InvalidToken or OldToken,
        };
    }

    /// <summary>The failure that etcd's reason for cancelling a watch stands for.</summary>
    public static EtcdException FromCancelledWatch(string reason, long compactRevision, string endpoint)
    {
        EtcdFailure failure = compactRevision > 0 ? EtcdFailure.Compacted : Kind(StatusCode.Cancelled, reason, null);
        string text = compactRevision > 0 ? $"history before revision {compactRevision} has been compacted"
            : reason.Length > 0 ? reason : "etcd gave no reason";
        return new EtcdException(failure, $"etcd at {endpoint} cancelled the watch: {Trimmed(text)}") { TokenRefused = reason is InvalidToken or OldToken };
    }

    private static EtcdFailure Kind(StatusCode status, string detail, Exception? cause) => detail switch
    {
        WrongPassword or NoUser or OldToken or InvalidToken => EtcdFailure.Unauthenticated,
        Denied => EtcdFailure.PermissionDenied,
        Compacted => EtcdFailure.Compacted,
        RequestTooLarge => EtcdFailure.TooLarge,
        TooManyRequests => EtcdFailure.Unavailable,
        _ when Tls(cause) is not null => EtcdFailure.Tls,
        _ when IsTransport(cause) => EtcdFailure.Unavailable,
        _ => Kind(status, detail),
    };

    private static EtcdFailure Kind(StatusCode status, string detail) => status switch
    {
        StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.Cancelled => EtcdFailure.Unavailable,
        StatusCode.Unauthenticated => EtcdFailure.Unauthenticated,
        StatusCode.PermissionDenied => EtcdFailure.PermissionDenied,
        // Both ends of gRPC use this code for messages over a limit; etcd itself also for a full database.
        StatusCode.ResourceExhausted when !detail.StartsWith("etcdserver:", StringComparison.Ordinal) => EtcdFailure.TooLarge,
        _ => EtcdFailure.Other,
    };

    /// <summary>Nothing was sent: the connection was never made.</summary>
    private static bool FailedToConnect(Exception? cause) =>
        cause is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError };

    private static bool IsTransport(Exception? cause) => Contains<HttpRequestException>(cause) || Contains<IOException>(cause) || Contains<SocketException>(cause);

    /// <summary>
    /// Why TLS failed; null when it was not TLS. In TLS 1.3 a server refuses a client's certificate after the client's side of the handshake is
    /// done: the refusal arrives as a failed read, and only OpenSSL's alert underneath tells, unless HTTP/2's own start found the stream closed already.
    /// </summary>
    private static string? Tls(Exception? cause)
    {
        if (cause is null)
            return null;
        Exception innermost = Innermost(cause);
        bool handshake = Contains<AuthenticationException>(cause)
            || cause is HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } && innermost is not SocketException;
        if (handshake || innermost.Message.Contains(":SSL routines:", StringComparison.Ordinal))
            return innermost.Message;
        return innermost is ObjectDisposedException { ObjectName: "System.Net.Security.SslStream" }
            ? "the server ended the connection after the handshake, as it does when it does not accept the client's certificate or wants one" : null;
    }

    private static bool Contains<T>(Exception? cause)
        where T : Exception
    {
        while (cause is not null and not T)
            cause = cause.InnerException;
        return cause is not null;
    }

    private static Exception Innermost(Exception cause)
    {
        while (cause.InnerException is not null)
            cause = cause.InnerException;
        return cause;
    }

    private static string Trimmed(string reason)
    {
        const string Own = "etcdserver: ";
        return (reason.StartsWith(Own, StringComparison.Ordinal) ? reason[Own.Length..] : reason).TrimEnd('.', ' ', '\n');
    }
}
