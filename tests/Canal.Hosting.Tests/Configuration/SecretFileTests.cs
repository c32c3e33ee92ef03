using System.Collections.Immutable;

namespace Canal.Hosting.Tests;

public sealed class SecretFileTests
{
    private static readonly ImmutableDictionary<string, string> Nothing = ImmutableDictionary<string, string>.Empty;

    [Theory]
    [InlineData("hush\n", "hush")]
    [InlineData("hush\r\n", "hush")]
    [InlineData("hush", "hush")]
    [InlineData(" hush \n\n", " hush \n")]
    public void One_line_end_is_cut_off_and_nothing_else(string content, string expected)
    {
        using TemporaryFolder folder = new();
        Assert.Equal(expected, SecretFile.Read(folder.Write("p", content), Nothing).Text);
    }

    [Fact]
    public void A_bare_name_is_one_of_systemds_credentials()
    {
        using TemporaryFolder folder = new();
        folder.Write("etcd-password", "hush\n");
        Assert.Equal("hush", SecretFile.Read("etcd-password", Nothing.Add("CREDENTIALS_DIRECTORY", folder.Path)).Text);
        IOException none = Assert.Throws<IOException>(() => SecretFile.Read("etcd-password", Nothing));
        Assert.Equal("etcd-password: not an absolute path, and there is no CREDENTIALS_DIRECTORY to look it up in", none.Message);
        Assert.Throws<IOException>(() => SecretFile.Read("../etcd-password", Nothing.Add("CREDENTIALS_DIRECTORY", folder.Path)));
    }

    [Fact]
    public void A_file_that_everybody_may_read_is_warned_about()
    {
        using TemporaryFolder folder = new();
        string path = folder.Write("p", "hush");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        Assert.Equal($"{path} holds a secret and may be read by every user of this host: chmod o= {path}", SecretFile.Read(path, Nothing).Warning);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.GroupRead);
        SecretFile secret = SecretFile.Read(path, Nothing);
        Assert.Null(secret.Warning);
        Assert.DoesNotContain("hush", $"{secret}", StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_or_endless_file_is_an_error_with_its_path()
    {
        Assert.Contains("/no/such/file", Assert.ThrowsAny<IOException>(() => SecretFile.Read("/no/such/file", Nothing)).Message, StringComparison.Ordinal);
        Assert.Contains("/dev/zero: larger than", Assert.Throws<IOException>(() => SecretFile.Read("/dev/zero", Nothing)).Message, StringComparison.Ordinal);
    }
}
