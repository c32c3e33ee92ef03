using System.Diagnostics;
using Canal.Linux.Namespaces;
using Canal.Linux.Nftables;

namespace Canal.Kernel.Tests.Nftables;

/// <summary>A fresh network namespace with our socket and nft's program in it. It vanishes with the socket.</summary>
internal sealed class NftSandbox(NetlinkNftables nftables)
{
    internal NetlinkNftables Nftables { get; } = nftables;

    /// <summary>Runs a test on a thread that is in a new namespace; skips it where that is not allowed.</summary>
    internal static void Run(Action<NftSandbox> test)
    {
        Assert.SkipUnless(Environment.UserName == "root", "network namespaces need root");
        NetworkNamespace.RunInNew(() =>
        {
            using NetlinkNftables nftables = NetlinkNftables.Open();
            test(new NftSandbox(nftables));
            return 0;
        });
    }

    /// <summary>Runs nft; a child is born in the namespace of the thread that starts it.</summary>
    internal static string Nft(string arguments, string input = "")
    {
        ProcessStartInfo start = new("nft", arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        using Process process = Process.Start(start)!;
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0 && errors.Result.Length == 0, $"nft {arguments}: {process.ExitCode} {errors.Result}\n{input}");
        return output;
    }
}
