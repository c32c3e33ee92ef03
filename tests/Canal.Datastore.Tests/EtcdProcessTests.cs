using System.Diagnostics;
using Canal.Testing;

namespace Canal.Datastore.Tests;

public sealed class EtcdProcessTests
{
    [Fact]
    public async Task Nothing_is_left_of_it_even_when_it_was_frozen()
    {
        EtcdProcess etcd = await EtcdProcess.StartAsync();
        (int pid, string folder) = (etcd.Pid, etcd.Folder);
        Assert.Equal("etcd", Process.GetProcessById(pid).ProcessName);
        etcd.Freeze();

        await etcd.DisposeAsync();

        Assert.Throws<ArgumentException>(() => Process.GetProcessById(pid));
        Assert.False(Directory.Exists(folder));
    }

    [Fact]
    public async Task It_keeps_ports_and_data_through_a_kill()
    {
        await using EtcdProcess etcd = await EtcdProcess.StartAsync();
        string endpoint = etcd.Endpoint;
        await etcd.CtlAsync("put", "a", "1");
        await etcd.KillAsync();
        await etcd.StartAgainAsync();
        Assert.Equal(endpoint, etcd.Endpoint);
        Assert.Equal("a\n1\n", await etcd.CtlAsync("get", "a"));
    }

    [Fact]
    public async Task It_runs_in_a_network_namespace_unseen_from_outside()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root to make a network namespace");
        string name = $"canal-etcd-{Random.Shared.Next():x8}";
        await IpAsync("netns", "add", name);
        try
        {
            await IpAsync("-n", name, "link", "set", "lo", "up");
            await using EtcdProcess etcd = await EtcdProcess.StartAsync(new EtcdProcessOptions { NetworkNamespace = name });
            await etcd.CtlAsync("put", "a", "1");
            Assert.Equal("a\n1\n", await etcd.CtlAsync("get", "a"));
            Assert.Equal("etcd", Process.GetProcessById(etcd.Pid).ProcessName);
            Assert.Equal("http://127.0.0.1:2379", etcd.Endpoint);
            Assert.Contains($"{etcd.Pid}", await IpAsync("netns", "pids", name), StringComparison.Ordinal);
        }
        finally
        {
            await IpAsync("netns", "delete", name);
        }
    }

    private static async Task<string> IpAsync(params string[] arguments)
    {
        using Process ip = Process.Start(new ProcessStartInfo("ip", arguments) { RedirectStandardOutput = true })!;
        string output = await ip.StandardOutput.ReadToEndAsync();
        await ip.WaitForExitAsync();
        Assert.Equal(0, ip.ExitCode);
        return output;
    }
}
