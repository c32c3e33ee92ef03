using Canal.Core.Addressing;

namespace Canal.Core.Bgp;

/// <summary>Writes a BIRD's configuration file. The same configuration is always the same text.</summary>
public static class BirdWriter
{
    /// <param name="dialect">Whose file it is; only its families are in it.</param>
    /// <param name="configuration">From <see cref="BirdPlanner"/>, and fit for the dialect.</param>
    /// <param name="snippets">The administrator's own.</param>
    /// <param name="log">BIRD's log statement target: <c>syslog</c> or <c>stderr</c>.</param>
    public static string Write(BirdDialect dialect, BirdConfiguration configuration, BirdSnippets snippets, string log = "syslog")
    {
        BirdText text = new();
        text.Line($"# Written by canal-bird-config-renderer on {BirdText.Quote(configuration.NodeName)}; changes made here are lost.");
        text.Line("# Your own configuration belongs in /etc/canal/bird.d: see canal-bird-config-renderer(8).");
        BgpSession[] sessions = [.. configuration.Sessions.Where(s => dialect.Families.Contains(s.Family))];
        WriteGlobals(text, dialect, configuration, log);
        text.Verbatim(snippets.Definitions);
        foreach (NamedFilter filter in configuration.Filters)
            foreach (IpFamily family in dialect.Families) BirdFilterWriter.Write(text, filter, family);
        foreach (IpFamily family in dialect.Families)
        {
            RoutePolicy policy = configuration.Policy(family);
            BirdPolicyWriter.WriteFunctions(text, dialect, policy, snippets);
            BirdPolicyWriter.WriteProtocols(text, dialect, policy);
        }
        BirdSessionFilterWriter.Write(text, sessions);
        foreach (IpFamily family in dialect.Families) WriteTemplate(text, dialect, configuration, family, snippets);
        foreach (BgpSession session in sessions) BirdSessionWriter.Write(text, dialect, session, configuration);
        text.Verbatim(snippets.Top);
        return text.ToString();
    }

    private static void WriteGlobals(BirdText text, BirdDialect dialect, BirdConfiguration configuration, string log)
    {
        text.Line($"log {log} all;");
        text.Line($"router id {configuration.RouterId};");
        text.Line("timeformat protocol iso long;");
        text.Line("watchdog warning 5 s;");
        text.Line($"graceful restart wait {BirdText.Number(configuration.GracefulRestartWait)};");
        if (configuration.LogDetail == BgpLogDetail.StateChanges) text.Line("debug protocols { states };");
        if (configuration.LogDetail == BgpLogDetail.Everything) text.Line("debug protocols all;");
        dialect.WriteListening(text, configuration);
        text.Line("");
        text.Line("protocol device { scan time 10; }");
        string excluded = string.Concat(configuration.ExcludedInterfaces.Select(pattern => $"-{BirdText.Quote(pattern)}, "));
        text.Line($"protocol direct {{ {dialect.DirectChannels}interface {excluded}\"*\"; }}").Line("");
    }

    private static void WriteTemplate(BirdText text, BirdDialect dialect, BirdConfiguration configuration, IpFamily family, BirdSnippets snippets)
    {
        text.Open($"template bgp session{BirdText.Digit(family)}");
        text.Line("graceful restart on;").Line("connect delay time 2;").Line("connect retry time 5;").Line("error wait time 5, 30;");
        dialect.WriteBinding(text, configuration);
        text.Verbatim(snippets.Sessions);
        text.Close().Line("");
    }
}
