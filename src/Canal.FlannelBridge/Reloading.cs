using Canal.Hosting;
using Serilog;
using HostingConfiguration = Canal.Hosting.Configuration;

namespace Canal.FlannelBridge;

/// <summary>The answer to <c>reload</c>.</summary>
internal static class Reloading
{
    public static ControlResponse Run(Heartbeat heart, Func<ConfigurationResult> read, Action<HostingConfiguration> use, ILogger log)
    {
        heart.Reloading();
        ControlResponse answer = ConfigurationReload.Run(read, use, what => Log.Settings(log, what));
        heart.Reloaded();
        return answer;
    }
}
