using Canal.Hosting;
using HostingConfiguration = Canal.Hosting.Configuration;

namespace Canal.BirdConfigRenderer;

/// <summary>Commands that do one thing and end.</summary>
internal static class OneShot
{
    /// <summary>Path of the control socket.</summary>
    public static string ControlSocket(RuntimePaths paths) => Path.Combine(paths.Runtime, "bird-config-renderer.sock");

    public static int CheckConfiguration(HostingConfiguration configuration)
    {
        Console.Out.WriteLine($"the configuration is good (node {configuration.Get(CommonSettings.NodeName)})");
        return ExitCode.Ok;
    }

    public static int ShowConfiguration(HostingConfiguration configuration)
    {
        foreach (ConfigurationEntry entry in configuration.Entries) Console.Out.WriteLine($"{entry.Key} = {entry.Text}  # {entry.Origin}");
        return ExitCode.Ok;
    }

    /// <summary>Asks the running agent and prints its answer.</summary>
    public static async Task<int> AskAsync(RuntimePaths paths, string request, int refused)
    {
        try
        {
            using CancellationTokenSource patience = new(TimeSpan.FromSeconds(60));
            ControlResponse answer = await ControlSocketClient.AskAsync(ControlSocket(paths), request, patience.Token).ConfigureAwait(false);
            if (answer.Error is null)
            {
                Console.Out.Write(answer.Body);
                return ExitCode.Ok;
            }
            Console.Error.WriteLine($"canal-bird-config-renderer: {answer.Error}\n{answer.Body}");
            return refused;
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            Console.Error.WriteLine($"canal-bird-config-renderer: the running agent does not answer on {ControlSocket(paths)}: {e.Message}");
            return ExitCode.Unavailable;
        }
    }
}
