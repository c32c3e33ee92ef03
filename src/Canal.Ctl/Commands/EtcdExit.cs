using Canal.Datastore;
using Canal.Hosting;

namespace Canal.Ctl;

/// <summary>What a failure of etcd makes the program exit with.</summary>
internal static class EtcdExit
{
    public static int Code(EtcdFailure failure) => failure switch
    {
        EtcdFailure.Unavailable or EtcdFailure.Tls => ExitCode.Unavailable,
        EtcdFailure.Unauthenticated or EtcdFailure.PermissionDenied => ExitCode.Permission,
        EtcdFailure.Configuration => ExitCode.Configuration,
        _ => ExitCode.Failure,
    };
}
