using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;

namespace Canal.Cni;

/// <summary>Another plugin that is asked in the same terms: address management that is not ours.</summary>
internal static class OtherPlugin
{
    /// <summary>Runs it with this call's configuration and environment.</summary>
    /// <returns>Its answer; null when it gave none.</returns>
    /// <exception cref="CniException">It is not there, or its own error.</exception>
    public static async Task<JsonObject?> RunAsync(string type, CniCall call, string command, CancellationToken stop)
    {
        ProcessStartInfo start = new(Find(type, call.Path)) { RedirectStandardInput = true, RedirectStandardOutput = true };
        start.Environment["CNI_COMMAND"] = command;
        using Process process = Process.Start(start) ?? throw new CniException(CniCode.InputOutput, $"{start.FileName} did not start");
        await process.StandardInput.WriteAsync(call.Config.ToJsonString(CniJson.Relaxed).AsMemory(), stop);
        process.StandardInput.Close();
        string output = await process.StandardOutput.ReadToEndAsync(stop);
        await process.WaitForExitAsync(stop);
        JsonObject? answer = string.IsNullOrWhiteSpace(output) ? null : CniJson.Parse(Encoding.UTF8.GetBytes(output));
        if (process.ExitCode == 0) return answer;
        int code = answer is null ? 0 : CniJson.Number(answer, "code", int.MaxValue);
        throw new CniException(code == 0 ? CniCode.Internal : code, $"{type}: {(answer is null ? $"ended with {process.ExitCode}" : CniJson.Text(answer, "msg"))}", answer is null ? "" : CniJson.Text(answer, "details"));
    }

    private static string Find(string type, string[] path)
    {
        if (type.Contains('/', StringComparison.Ordinal)) throw new CniException(CniCode.Configuration, $"ipam.type: '{type}' is not the name of a plugin");
        return path.Select(folder => Path.Combine(folder, type)).FirstOrDefault(File.Exists)
            ?? throw new CniException(CniCode.Configuration, $"ipam.type: there is no plugin {type} in {string.Join(":", path)}");
    }
}
