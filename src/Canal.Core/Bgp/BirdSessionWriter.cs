using Canal.Core.Addressing;

namespace Canal.Core.Bgp;

/// <summary>Writes one session.</summary>
internal static class BirdSessionWriter
{
    private const int DefaultPort = 179;

    public static void Write(BirdText text, BgpSession session, BirdConfiguration configuration)
    {
        string digit = BirdText.Digit(session.Family);
        text.Open($"protocol bgp {session.Name} from session{digit}");
        text.Line($"description {BirdText.Quote(session.Description)};");
        if (session.Held.Length > 0) text.Line("disabled yes;");
        string local = LocalAddress(session, configuration) is { } address ? $" {address}" : "";
        text.Line($"local{local} port {configuration.ListenPort ?? DefaultPort} as {session.LocalAs};");
        text.Line($"neighbor {session.Neighbor} port {session.Port ?? DefaultPort} as {session.RemoteAs};");
        if (IsAtWorkloads(session, configuration)) text.Line("free bind on;");
        WriteSettings(text, session);
        WriteChannel(text, session, digit);
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

    private static void WriteChannel(BirdText text, BgpSession session, string digit)
    {
        text.Open($"ipv{digit}").Line("add paths on;").Line("gateway recursive;");
        if (session.NextHop != BgpNextHop.Default) text.Line(session.NextHop == BgpNextHop.Self ? "next hop self;" : "next hop keep;");
        text.Line($"import filter {BirdSessionFilterWriter.ImportName(session)};").Line($"export filter {BirdSessionFilterWriter.ExportName(session)};");
        text.Close("};");
    }

    /// <summary>The address comes and goes with workloads: BIRD would give a session up for good that it cannot bind.</summary>
    private static bool IsAtWorkloads(BgpSession session, BirdConfiguration configuration) =>
        LocalAddress(session, configuration) is { } local && configuration.WorkloadListenAddresses.Contains(local);

    /// <summary>
    /// BIRD binds each session's socket; one that listened on all addresses would keep the others from binding to one. So where only some addresses are
    /// to be listened on, a session without an address of its own takes one of them.
    /// </summary>
    private static IpAddress? LocalAddress(BgpSession session, BirdConfiguration configuration)
    {
        if (session.SourceAddress is not null || configuration.ListenAddresses.IsEmpty) return session.SourceAddress;
        IEnumerable<IpAddress> candidates = session.Kind == BgpSessionKind.LocalWorkload
            ? configuration.WorkloadListenAddresses.Concat(configuration.ListenAddresses) : configuration.ListenAddresses;
        foreach (IpAddress candidate in candidates)
            if (candidate.Family == session.Family) return candidate;
        return null;
    }
}
