using System.Net;
using System.Net.Sockets;
using Canal.Testing;

namespace Canal.Ctl.Tests;

/// <summary>How a run ends when etcd or the configuration is at fault.</summary>
public sealed class ExitCodeTests
{
    [Fact]
    public async Task An_etcd_that_is_not_there_is_69_and_named()
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        // Bound and not listening: nobody answers there, and nobody else can come to.
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        string url = $"http://{socket.LocalEndPoint}";
        (await ProgramRun.Of(["get", "tier", "--etcd", url, "--timeout", "500ms"])).Bad(69, socket.LocalEndPoint!.ToString()!);
    }

    [Fact]
    public async Task A_wrong_configuration_is_78_and_its_place_is_named()
    {
        using TemporaryFolder folder = new();
        string file = folder.Write("canal.toml", "[etcd]\nendpoint = [\"http://127.0.0.1:1\"]\n");
        (await ProgramRun.Of(["get", "tier", "--config-dir", folder.Path])).Bad(78, $"{file}:2:1: ", "endpoints");
        (await ProgramRun.Of(["get", "tier", "--etcd", "nonsense://x"])).Bad(78, "nonsense");
    }

    [Fact]
    public async Task A_wrong_password_is_77_and_is_not_printed()
    {
        await using EtcdProcess etcd = await EtcdProcess.StartAsync(new EtcdProcessOptions { RootPassword = "right" });
        using TemporaryFolder folder = new();
        string password = folder.Write("password", "wr0ng-s3cret\n");
        folder.Write("canal.toml", $"[etcd]\nendpoints = [\"{etcd.Endpoint}\"]\nusername = \"root\"\npassword_file = \"{password}\"\n");
        ProgramRun run = (await ProgramRun.Of(["get", "tier", "--config-dir", folder.Path])).Bad(77);
        Assert.DoesNotContain("s3cret", run.Error, StringComparison.Ordinal);
        File.WriteAllText(password, "right\n");
        (await ProgramRun.Of(["get", "tier", "--config-dir", folder.Path])).Good();
        (await ProgramRun.Of(["get", "tier", "--etcd", etcd.Endpoint])).Bad(77);
    }

    [Fact]
    public async Task A_password_file_that_cannot_be_read_is_78()
    {
        using TemporaryFolder folder = new();
        folder.Write("canal.toml", "[etcd]\nusername = \"root\"\npassword_file = \"/nonexistent/password\"\n");
        (await ProgramRun.Of(["get", "tier", "--config-dir", folder.Path])).Bad(78, "/nonexistent/password");
    }

    [Theory]
    [InlineData("version")]
    [InlineData("explain gnp")]
    public async Task Output_that_cannot_be_written_is_1_and_told(string words)
    {
        StringWriter error = new();
        await using StreamWriter full = new(new FileStream("/dev/full", FileMode.Open, FileAccess.Write, FileShare.ReadWrite, 0));
        Surroundings around = new(Stream.Null, full, error, [], TimeProvider.System);
        Assert.Equal(1, await Canalctl.RunAsync(words.Split(' '), around, TestContext.Current.CancellationToken));
        Assert.Contains("No space left", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_typed_wrongly_is_told_in_words()
    {
        (await ProgramRun.Of(["trace", "--from", "10.0.0.1", "--to", "10.0.0.2", "--port", "99999"])).Bad(64, "'99999' for option '--port' as a number from 0 to 65535");
        (await ProgramRun.Of(["ipam", "configure", "--maxblocks", "x"])).Bad(64, "'x' for option '--maxblocks' as a whole number");
        (await ProgramRun.Of(["ipam", "release", "--from-report", Path.GetTempPath()])).Bad(1, Path.GetTempPath());
        (await ProgramRun.Of(["get", "globalnetworkpolices"])).Bad(64, "did you mean globalnetworkpolicies?");
        Assert.DoesNotContain("did you mean", (await ProgramRun.Of(["get", "foo"])).Bad(64).Error, StringComparison.Ordinal);
        (await ProgramRun.Of(["validate", "-f", "-"], "apiVersion: v1\nkind: policy\nmetadata: {name: x}\n")).Bad(1, "canalctl convert");
    }

    [Fact]
    public async Task The_version_and_the_help_ask_nobody()
    {
        Assert.Matches(@"^canalctl \d+\.\d+\.\d+\S*\n$", (await ProgramRun.Of(["--version"])).Good().Output);
        Assert.Equal((await ProgramRun.Of(["--version"])).Output, (await ProgramRun.Of(["version"])).Good().Output);
        Assert.Contains("apply", (await ProgramRun.Of(["--help"])).Good().Output, StringComparison.Ordinal);
    }
}
