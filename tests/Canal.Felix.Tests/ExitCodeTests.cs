using Canal.Datastore;
using Canal.Hosting;
using Canal.Linux;
using Canal.Linux.Netlink;

namespace Canal.Felix.Tests;

public sealed class ExitCodeTests
{
    [Fact]
    public void Only_what_the_configuration_says_wrongly_is_its_fault()
    {
        Assert.Equal(ExitCode.Configuration, Daemon.ExitCodeOf(new EtcdException(EtcdFailure.Configuration, "ca_file")));
        Assert.Equal(ExitCode.Configuration, Daemon.ExitCodeOf(new StartException("etcd.password_file: /x: no such file")));
        foreach (EtcdFailure failure in Enum.GetValues<EtcdFailure>().Except([EtcdFailure.Configuration]))
            Assert.Equal(ExitCode.Unavailable, Daemon.ExitCodeOf(new EtcdException(failure, "away")));
        Assert.Equal(ExitCode.Failure, Daemon.ExitCodeOf(new IOException("No space left on device")));
        Assert.Equal(ExitCode.Permission, Daemon.ExitCodeOf(new IOException("listen", new UnauthorizedAccessException())));
        Assert.Equal(ExitCode.Permission, Daemon.ExitCodeOf(new NetlinkException("open", Errno.EPERM)));
        Assert.Equal(ExitCode.Failure, Daemon.ExitCodeOf(new NetlinkException("open", Errno.ENOBUFS)));
        Assert.Null(Daemon.ExitCodeOf(new InvalidOperationException("a mistake of the program")));
    }
}
