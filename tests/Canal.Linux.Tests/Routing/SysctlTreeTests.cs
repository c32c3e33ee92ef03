using Canal.Linux.Sysctl;

namespace Canal.Linux.Tests.Routing;

public sealed class SysctlTreeTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("canal-sysctl-").FullName;

    private SysctlTree Tree => new(root);

    private string Make(string path, string content)
    {
        string file = Path.Combine(root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, content);
        return file;
    }

    [Fact]
    public void A_value_reads_without_its_newline()
    {
        Make("net/ipv4/ip_local_port_range", "32768\t60999\n");
        Assert.Equal("32768\t60999", Tree.Read("net", "ipv4", "ip_local_port_range"));
    }

    [Fact]
    public void Writing_what_is_there_does_nothing()
    {
        string file = Make("net/ipv4/ip_forward", "1\n");
        DateTime before = File.GetLastWriteTimeUtc(file);
        Assert.False(Tree.Write("1", "net", "ipv4", "ip_forward"));
        Assert.Equal(before, File.GetLastWriteTimeUtc(file));
    }

    [Fact]
    public void Writing_another_value_writes_one_line()
    {
        string file = Make("net/ipv4/ip_forward", "0\n");
        Assert.True(Tree.Write("1", "net", "ipv4", "ip_forward"));
        Assert.Equal("1\n", File.ReadAllText(file));
    }

    [Theory]
    [InlineData("eth0.100")]
    [InlineData("a..b")]
    [InlineData("...")]
    public void Dots_in_an_interface_name_are_part_of_it(string name)
    {
        Make($"net/ipv4/conf/{name}/proxy_arp", "1\n");
        Assert.Equal("1", Tree.Read("net", "ipv4", "conf", name, "proxy_arp"));
    }

    [Theory]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("")]
    [InlineData("../../../../etc")]
    [InlineData("a/b")]
    [InlineData("/etc")]
    [InlineData("a\0b")]
    public void A_name_that_would_leave_its_folder_is_refused(string name)
    {
        Make("net/ipv4/passwd", "secret");
        SysctlException refused = Assert.Throws<SysctlException>(() => Tree.Read("net", "ipv4", "conf", name, "passwd"));
        Assert.Contains("is not a file name", refused.Message);
        Assert.Throws<SysctlException>(() => Tree.Write("1", "net", "ipv4", "conf", name, "passwd"));
        Assert.Throws<SysctlException>(() => Tree.Exists("net", "ipv4", "conf", name, "passwd"));
    }

    [Fact]
    public void A_missing_setting_is_told_and_not_created()
    {
        SysctlException absent = Assert.Throws<SysctlException>(() => Tree.Write("1", "net", "ipv4", "conf", "cali0", "proxy_arp"));
        Assert.True(absent.IsAbsent);
        Assert.StartsWith($"read {root}/net/ipv4/conf/cali0/proxy_arp: ", absent.Message);
        Assert.Empty(Directory.GetFileSystemEntries(root));
    }

    public void Dispose() => Directory.Delete(root, recursive: true);
}
