using System.Text;
using System.Text.Json.Nodes;
using Canal.Datastore;
using Canal.Linux.Netlink;

namespace Canal.Cni;

/// <summary>One call of a plugin: environment and stdin in, JSON and an exit code out. Nothing but the answer is ever on stdout.</summary>
internal static class CniProgram
{
    /// <summary>No command takes longer, whatever hangs; Calico's own limit.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(90);

    public static async Task<int> RunAsync(CniPlugin plugin, CniEnvironment environment, Stream input, Stream output)
    {
        string version = CniVersion.Newest;
        try
        {
            if (environment.Command.Length == 0)
                throw new CniException(CniCode.Environment, "CNI_COMMAND is not set: this is a CNI plugin, which container runtimes run");
            JsonObject config = CniJson.Parse(await ReadAsync(input));
            version = CniVersion.Of(config);
            using CancellationTokenSource stop = new(Longest);
            if (await AnswerAsync(plugin, environment, config, version, stop.Token) is { } answer)
                await output.WriteAsync(Encoding.UTF8.GetBytes(answer.ToJsonString(CniJson.Relaxed)));
            return 0;
        }
        catch (Exception e)
        {
            await output.WriteAsync(Encoding.UTF8.GetBytes(Error(e, version).ToJsonString(CniJson.Relaxed)));
            return 1;
        }
    }

    private static async Task<JsonObject?> AnswerAsync(CniPlugin plugin, CniEnvironment environment, JsonObject config, string version, CancellationToken stop)
    {
        if (environment.Command == "VERSION") return CniVersion.Supported(version);
        CniVersion.Check(version);
        CniCall call = CniCall.Read(environment, config, version);
        switch (environment.Command)
        {
            case "ADD": return (await plugin.AddAsync(call, stop)).Write(version);
            case "DEL": await plugin.DeleteAsync(call, stop); break;
            case "CHECK": await plugin.CheckAsync(call, stop); break;
            case "GC": await plugin.CollectAsync(call, stop); break;
            default: await plugin.StatusAsync(call, stop); break;
        }
        return null;
    }

    private static JsonObject Error(Exception failure, string version)
    {
        CniException error = failure switch
        {
            CniException cni => cni,
            EtcdException { Failure: EtcdFailure.Configuration } etcd => new CniException(CniCode.Configuration, etcd.Message),
            EtcdException etcd => new CniException(CniCode.TryLater, etcd.Message),
            IpamException ipam => new CniException(CniCode.TryLater, ipam.Message),
            NetlinkException kernel => new CniException(CniCode.Kernel, kernel.Message),
            OperationCanceledException => new CniException(CniCode.TryLater, $"not done within {Longest.TotalSeconds} s"),
            IOException or UnauthorizedAccessException => new CniException(CniCode.InputOutput, failure.Message),
            _ => new CniException(CniCode.Internal, $"{failure.GetType().Name}: {failure.Message}"),
        };
        return new JsonObject { ["cniVersion"] = version, ["code"] = error.Code, ["msg"] = error.Message, ["details"] = error.Details };
    }

    private static async Task<byte[]> ReadAsync(Stream input)
    {
        using MemoryStream all = new();
        await input.CopyToAsync(all);
        return all.ToArray();
    }
}
