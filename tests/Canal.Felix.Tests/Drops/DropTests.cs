using System.Text.Json;
using Canal.Core.Addressing;
using Canal.Core.Policy;
using Canal.Felix.Configuration;
using Canal.Felix.Drops;
using Canal.Felix.Tests.Dataplane;
using Canal.Felix.Tests.Loop;
using Canal.Linux.Nflog;
using static Canal.Testing.ResourceBuilder;

namespace Canal.Felix.Tests.Drops;

/// <summary>What is denied is told: by which rules, how packets are gathered, how much of it reaches the journal.</summary>
public sealed class DropTests
{
    private static readonly RateLimit Limit = new(10, 60, 2);

    private readonly ManualTime time = new();
    private readonly LogLines log = new();
    private readonly DropTable table = new();

    private static NflogPacket Packet(string reason, ushort sourcePort = 1000, ushort port = 80, byte source = 1) =>
        new(reason, 2, 5, new PacketFlow(6, IpAddress.FromBytes([10, 0, 0, source]), sourcePort, IpAddress.FromBytes([10, 0, 0, 9]), port));

    [Fact]
    public void Only_what_denies_logs_and_says_why()
    {
        FakeHost host = new(new FelixParameters { DropGroup = 170 });
        host.Put(Workload("w0", "10.0.0.1/32", profiles: "open"), Open(), GlobalPolicy("web", ingress: [Allow(protocol: "TCP"), Deny(protocol: "UDP")]));
        string[] rules = host.Dump.Split('\n');
        Assert.Contains(rules, r => r.Contains("log prefix \"gnp/web ingress 1\" group 170 drop", StringComparison.Ordinal));
        Assert.Contains(rules, r => r.Contains("log prefix \"end-of-tier default ingress\" group 170 drop", StringComparison.Ordinal));
        Assert.Contains(rules, r => r.Contains("log prefix \"spoofed-source egress\" group 170 drop", StringComparison.Ordinal));
        Assert.All(rules.Where(r => r.Contains("drop", StringComparison.Ordinal) && r.Contains("counter", StringComparison.Ordinal)), r => Assert.Contains("log prefix", r, StringComparison.Ordinal));
        Assert.DoesNotContain(rules, r => r.Contains("log ", StringComparison.Ordinal) && !r.Contains("drop", StringComparison.Ordinal));
    }

    [Fact]
    public void Nothing_logs_when_it_is_switched_off()
    {
        FakeHost host = new(new FelixParameters { DropGroup = null });
        host.Put(Workload("w0", "10.0.0.1/32", profiles: "open"), Open(), GlobalPolicy("web", ingress: [Deny()]));
        Assert.DoesNotContain("log ", host.Dump, StringComparison.Ordinal);
    }

    [Fact]
    public void A_reason_is_read_as_it_was_written()
    {
        Core.Resources.ResourceKey web = GlobalPolicy("web").Key, longest = GlobalPolicy(new string('a', 253)).Key;
        Assert.Equal(new DropReason("gnp/web egress 12", "gnp/web", 12, null, Direction.Egress), DropReason.Parse(DropReason.OfRule(web, Direction.Egress, 12)));
        Assert.Equal(new DropReason("closed gnp/web ingress", "gnp/web", null, null, Direction.Ingress), DropReason.Parse(DropReason.OfClosed(web, Direction.Ingress)));
        Assert.Equal(new DropReason("end-of-tier t egress", null, null, "t", Direction.Egress), DropReason.Parse(DropReason.EndOfTier("t", Direction.Egress)));
        Assert.Equal(new DropReason(DropReason.SpoofedSource, null, null, null, Direction.Egress), DropReason.Parse(DropReason.SpoofedSource));
        Assert.Null(DropReason.Parse("").Policy);
        // The kernel holds 127 bytes; who has a long name is told apart by its hash.
        string text = DropReason.OfRule(longest, Direction.Ingress, 99999);
        Assert.InRange(text.Length, 1, 127);
        Assert.NotEqual(text, DropReason.OfRule(GlobalPolicy(new string('a', 252) + "b").Key, Direction.Ingress, 99999));
        Assert.Equal(99999, DropReason.Parse(text).Rule);
    }

    [Fact]
    public void Packets_that_differ_only_in_the_sources_port_are_one_flow()
    {
        table.Add(Packet("gnp/web ingress 1", 1000), time.GetUtcNow());
        table.Add(Packet("gnp/web ingress 1", 1001), time.GetUtcNow());
        table.Add(Packet("gnp/web ingress 1", 1001, port: 81), time.GetUtcNow());
        table.Add(Packet("gnp/web ingress 2", 1001), time.GetUtcNow());
        Assert.Equal([2L, 1, 1], table.After(0).Select(f => f.Count));
        Assert.Equal(1000, table.After(0)[0].First.Flow.SourcePort);
    }

    [Fact]
    public void Who_follows_sees_what_happened_since()
    {
        table.Add(Packet("gnp/web ingress 1"), time.GetUtcNow());
        table.Add(Packet("gnp/web ingress 2"), time.GetUtcNow());
        long seen = table.Serial;
        Assert.Empty(table.After(seen));
        table.Add(Packet("gnp/web ingress 1"), time.GetUtcNow());
        Assert.Equal(2, Assert.Single(table.After(seen)).Count);
        time.Advance(DropTable.Window);
        Assert.Equal(2, table.Close(time.GetUtcNow()).Count);
        Assert.Equal(2, table.After(0).Count);
        table.Add(Packet("gnp/web ingress 1"), time.GetUtcNow());
        Assert.Equal(1, Assert.Single(table.Open).Count);
    }

    [Fact]
    public void What_has_no_place_is_counted()
    {
        for (int i = 0; i < DropTable.MostOpen + 5; i++) table.Add(Packet("gnp/web ingress 1", port: (ushort)i), time.GetUtcNow());
        Assert.Equal(5, table.Uncounted);
        Assert.Equal(DropTable.MostOpen, table.Open.Count());
    }

    [Fact]
    public void The_journal_has_a_line_for_the_first_packet_and_one_for_what_came_after()
    {
        DropJournal journal = new(time, log.Logger);
        table.Add(Packet("gnp/web ingress 1"), time.GetUtcNow());
        Name();
        journal.Tell(table.Open, [], 0, Limit);
        Assert.Equal("Information: denied 1 packets, ingress of default/w0: tcp 10.0.0.1:1000 > 10.0.0.9:80 by gnp/web ingress 1", Assert.Single(log.All));
        table.Add(Packet("gnp/web ingress 1", 1001), time.GetUtcNow());
        journal.Tell(table.Open, [], 0, Limit);
        Assert.Single(log.All);
        time.Advance(DropTable.Window);
        journal.Tell([], table.Close(time.GetUtcNow()), 0, Limit);
        Assert.Equal(2, log.Count("denied 1 packets, ingress of default/w0"));
    }

    [Fact]
    public void Beyond_the_limit_there_is_a_sum()
    {
        DropJournal journal = new(time, log.Logger);
        for (ushort i = 0; i < 5; i++) table.Add(Packet("gnp/web ingress 1", port: i), time.GetUtcNow());
        Name();
        journal.Tell(table.Open, [], 0, Limit);
        Assert.Equal(2, log.All.Count);
        time.Advance(DropTable.Window);
        Assert.False(journal.Owes(0));
        journal.Tell([], table.Close(time.GetUtcNow()), 7, Limit);
        Assert.False(journal.Owes(7));
        Assert.Equal(1, log.Count("3 denied packets were not told one by one, and 7 more were not looked at"));
        journal.Tell([], [], 7, Limit);
        Assert.Equal(3, log.All.Count);
        // Within the minute: owed, so that the watch does not go to sleep on it.
        journal.Tell([], [], 9, Limit);
        Assert.Equal((3, true), (log.All.Count, journal.Owes(9)));
        time.Advance(TimeSpan.FromMinutes(1));
        journal.Tell([], [], 9, Limit);
        Assert.Equal((1, false), (log.Count("and 2 more were not looked at"), journal.Owes(9)));
    }

    [Fact]
    public void The_socket_tells_lines_of_json()
    {
        table.Add(Packet("gnp/web ingress 1"), time.GetUtcNow());
        table.Add(Packet("end-of-tier default egress") with { Flow = new PacketFlow(1, IpAddress.Parse("10.0.0.1"), 0, IpAddress.Parse("10.0.0.2"), 0x0800) }, time.GetUtcNow());
        Name();
        string[] lines = DropText.Answer(new DropReport(table.Serial, 3, new DropParameters(DropLog.Socket, 170, null), null, table.After(0))).TrimEnd('\n').Split('\n');
        Assert.Equal("""{"serial":2,"missed":3,"drop_log":"socket","drop_log_group":170}""", lines[0]);
        Assert.Equal("""{"serial":1,"packets":1,"first":"2026-05-04T09:30:00Z","last":"2026-05-04T09:30:00Z","direction":"ingress","endpoint":"default/w0","in":"eth0","out":"caliw0","reason":"gnp/web ingress 1","policy":"gnp/web","rule":1,"protocol":"tcp","source":"10.0.0.1","destination":"10.0.0.9","source_port":1000,"destination_port":80}""", lines[1]);
        using JsonDocument icmp = JsonDocument.Parse(lines[2]);
        Assert.Equal(8, icmp.RootElement.GetProperty("icmp_type").GetInt32());
        Assert.False(icmp.RootElement.TryGetProperty("policy", out _));
    }

    private void Name()
    {
        foreach (DroppedFlow flow in table.Unnamed()) flow.Place = new DropPlace("default/w0", "eth0", "caliw0");
    }
}
