namespace Canal.Core.Bgp;

/// <summary>Writes one session.</summary>
internal static class BirdSessionWriter
{
    public static void Write(BirdText text, BirdDialect dialect, BgpSession session, BirdConfiguration configuration)
    {
        text.Open($"protocol bgp {session.Name} from session{BirdText.Digit(session.Family)}");
        text.Line($"description {BirdText.Quote(session.Description)};");
        if (session.Held.Length > 0) text.Line("disabled yes;");
        dialect.WriteEnds(text, session, configuration);
        WriteSettings(text, session);
        dialect.WriteChannel(text, session.Family, ChannelOptions(session));
        text.Close().Line("");
    }

    private static void WriteSettings(BirdText text, BgpSession session)
    {
        if (session.Multihop is { } hops) text.Line(hops == 0 ? "multihop;" : $"multihop {BirdText.Number(hops)};");
        if (session.Multihop is not null) text.Line($"ttl security {(session.TtlSecurity ? "on" : "off")};");
        if (session.Passive) text.Line("passive on;");
        if (session.GracefulRestartTime is { } restart) text.Line($"graceful restart time {BirdText.Number(restart)};");
        if (session.KeepaliveTime is { } keepalive) text.Line($"keepalive time {BirdText.Number(keepalive)};");
        if (session.AllowLocalAs is { } times) text.Line($"allow local as {BirdText.Number(times)};");
        if (session.ReflectorClusterId is { } id) text.Line("rr client;").Line($"rr cluster id {id};");
        if (session.Password is { } password) text.Line($"password {BirdText.Quote(password.Text)};");
    }

    private static IEnumerable<string> ChannelOptions(BgpSession session)
    {
        List<string> options = ["add paths on;", "gateway recursive;"];
        if (session.NextHop != BgpNextHop.Default) options.Add(session.NextHop == BgpNextHop.Self ? "next hop self;" : "next hop keep;");
        return [.. options, $"import filter {BirdSessionFilterWriter.ImportName(session)};", $"export filter {BirdSessionFilterWriter.ExportName(session)};"];
    }
}
