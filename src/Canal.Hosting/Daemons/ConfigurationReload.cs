namespace Canal.Hosting;

/// <summary>Reads a daemon's configuration again: a bad new one is refused whole, and the old one stays.</summary>
public static class ConfigurationReload
{
    /// <summary>Does it, and says how it went to the log and to whoever asked.</summary>
    /// <param name="read">Reads it.</param>
    /// <param name="use">Takes a good one in.</param>
    /// <param name="tell">Told what happened.</param>
    public static ControlResponse Run(Func<ConfigurationResult> read, Action<Configuration> use, Action<string> tell)
    {
        ConfigurationResult result = read();
        if (result.Configuration is { } good) use(good);
        tell(result.Configuration is not null ? "read again" : $"the new one is refused, the old one stays: {result.ErrorText()}");
        return result.Configuration is not null ? ControlResponse.Ok() : ControlResponse.Failed("the new configuration is refused, the old one stays", result.ErrorText());
    }
}
