using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Canal.BirdConfigRenderer.Configuration;
using Canal.BirdConfigRenderer.Files;
using Canal.Core.Bgp;
using Canal.Core.Resources;
using Canal.Hosting;
using HostingConfiguration = Canal.Hosting.Configuration;

namespace Canal.BirdConfigRenderer.Tests;

/// <summary>Files that the service's user may not read.</summary>
public sealed partial class LocalFilesTests : IDisposable
{
    private const int Nobody = 65534;

    private readonly string folder = Directory.CreateTempSubdirectory("canal-files-").FullName;

    public LocalFilesTests() => File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute);

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_folder_of_secrets_that_may_not_be_read_is_told_and_looks_the_same_at_every_look()
    {
        Write("secrets/tor/md5", "x");
        File.SetUnixFileMode(Path.Combine(folder, "secrets"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        LocalFiles files = Open();
        SecretKeyRef[] wanted = [new("tor", "md5")];
        Assert.Equal("x", files.Passwords(wanted, [])[wanted[0]].Text);
        int readable = files.Signature();

        AsNobody(() =>
        {
            int signature = files.Signature();
            Assert.NotEqual(readable, signature);
            Assert.Equal(signature, files.Signature());
            List<string> failures = [];
            Assert.Empty(files.Passwords(wanted, failures));
            Assert.Contains("secrets/tor/md5", Assert.Single(failures), StringComparison.Ordinal);
        });
    }

    [Fact]
    public void Snippets_and_workloads_that_may_not_be_read_stay_as_they_were()
    {
        Write("bird.d/good.conf", "# good\n");
        Write("bird.d/mine.conf", "# new\n");
        Write("bird.d/unknown.conf", "# new\n");
        foreach (string name in (string[])["mine", "unknown"]) File.SetUnixFileMode(Path.Combine(folder, "bird.d", $"{name}.conf"), UnixFileMode.UserRead);
        Write("status/endpoint-status/w", """{"bgpPeerName":"w","ipv4Nets":["192.168.1.5/32"]}""");
        File.SetUnixFileMode(Path.Combine(folder, "status", "endpoint-status"), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        LocalFiles files = Open();
        List<WorkloadPeer> known = files.WorkloadPeers([], []);
        Assert.Single(known);

        AsNobody(() =>
        {
            List<string> failures = [];
            Assert.Equal([new BirdSnippet("good.conf", "# good\n"), new BirdSnippet("mine.conf", "# old\n")], files.Snippets([new BirdSnippet("mine.conf", "# old\n")], failures));
            Assert.Collection(failures, f => Assert.EndsWith("The version that was accepted before stays.", f, StringComparison.Ordinal), f => Assert.EndsWith("It is left out.", f, StringComparison.Ordinal));
            failures.Clear();
            Assert.Equal(known, files.WorkloadPeers(known, failures));
            Assert.Single(failures);
        });
    }

    [Fact]
    public void A_snippet_whose_name_could_be_more_than_a_name_is_left_out()
    {
        Write("bird.d/a\nprotocol x.conf", "");
        List<string> failures = [];
        Assert.Empty(Open().Snippets([], failures));
        Assert.Single(failures);
    }

    private void Write(string name, string text)
    {
        string path = Path.Combine(folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }

    private LocalFiles Open()
    {
        File.WriteAllText(Path.Combine(folder, "bird-config-renderer.toml"), $"secrets_dir = \"{folder}/secrets\"\nendpoint_status_path_prefix = \"{folder}/status\"\n");
        ConfigurationResult result = ConfigurationLoader.Load(RendererSettings.Schema, new ConfigurationSources
        {
            VendorDirectory = folder + "/none",
            RuntimeDirectory = folder + "/none",
            ConfigurationDirectory = folder,
            HostName = "a",
            Environment = ImmutableDictionary<string, string>.Empty,
        });
        HostingConfiguration configuration = result.Configuration!;
        return new LocalFiles(configuration, Path.Combine(folder, "bird.d"), ImmutableDictionary<string, string>.Empty);
    }

    /// <summary>On a thread that reads files as nobody, in root's group: root may read everything.</summary>
    private static void AsNobody(Action work)
    {
        Exception? failure = null;
        Thread thread = new(() =>
        {
            try
            {
                // It answers with who it was before; asked twice, with what the first call did.
                _ = SetFileUser(Nobody);
                Assert.Equal(Nobody, SetFileUser(Nobody));
                work();
            }
            catch (Exception e)
            {
                failure = e;
            }
        });
        thread.Start();
        thread.Join();
        if (failure is not null) throw new InvalidOperationException(failure.Message, failure);
    }

    [LibraryImport("libc", EntryPoint = "setfsuid")]
    private static partial int SetFileUser(int user);
}
