using Canal.Hosting;
using Serilog;
using HostingConfiguration = Canal.Hosting.Configuration;

namespace Canal.FlannelBridge;

/// <summary>The answer to <c>reload</c>: a bad new configuration is refused whole.</summary>
internal static class Reloading
{
    public static ControlResponse Run(Heartbeat heart, Func<ConfigurationResult> read, Action<HostingConfiguration> use, ILogger log)
    {
        heart.Reloading();
        ConfigurationResult result = read();
        if (result.Configuration is not null) use(result.Configuration);
        Log.Settings(log, result.Configuration is not null ? "read again" : $"the new one is refused, the old one stays: {result.ErrorText()}");
        heart.Reloaded();
        return result.Configuration is not null ? ControlResponse.Ok() : ControlResponse.Failed("the new configuration is refused, the old one stays", result.ErrorText());
    }
}
