using System.Collections.Immutable;
using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Serilog.Events;

namespace Canal.Hosting.Tests;

public sealed class JournalSinkTests : IDisposable
{
    private static readonly ImmutableDictionary<string, string> NoEnvironment = ImmutableDictionary<string, string>.Empty;
    private static readonly LogEventKind InSync = new("in-sync", Guid.Parse("0123456789abcdef0123456789abcdef"));

    private readonly TemporaryFolder _folder = new();
    private readonly DatagramSocket _journald;

    public JournalSinkTests() => _journald = new DatagramSocket(_folder.At("journal"));

    public void Dispose()
    {
        _journald.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void A_message_arrives_with_its_properties_as_fields()
    {
        using CanalLog log = Create();
        log.Logger.Information("policy {Policy} on {EndpointCount} endpoints, {Enabled}", "gnp/db", 42, true);
        Assert.Equal(new Dictionary<string, string>
        {
            ["MESSAGE"] = "policy gnp/db on 42 endpoints, true",
            ["PRIORITY"] = "6",
            ["SYSLOG_IDENTIFIER"] = "canal-felix",
            ["CANAL_POLICY"] = "gnp/db",
            ["CANAL_ENDPOINT_COUNT"] = "42",
            ["CANAL_ENABLED"] = "true",
        }, Next());
    }

    [Fact]
    public void A_message_of_a_kind_has_its_id_its_event_and_the_place_in_the_code()
    {
        using CanalLog log = Create();
        log.Logger.Of(InSync).Warning("in sync at {Revision}", 7L);
        Dictionary<string, string> fields = Next();
        Assert.Equal(("0123456789abcdef0123456789abcdef", "in-sync", "4", "7"), (fields["MESSAGE_ID"], fields["CANAL_EVENT"], fields["PRIORITY"], fields["CANAL_REVISION"]));
        Assert.EndsWith("JournalSinkTests.cs", fields["CODE_FILE"], StringComparison.Ordinal);
        Assert.Equal(nameof(A_message_of_a_kind_has_its_id_its_event_and_the_place_in_the_code), fields["CODE_FUNC"]);
        Assert.True(int.Parse(fields["CODE_LINE"]) > 0);
    }

    [Fact]
    public void Control_characters_are_escaped_in_the_message_and_kept_in_the_field()
    {
        using CanalLog log = Create();
        const string hostile = "a\nPRIORITY=0\n\u001b[2J\u202eb";
        log.Logger.Error("name {Name}", hostile);
        Dictionary<string, string> fields = Next();
        Assert.Equal("name a\\nPRIORITY=0\\n\\x1b[2J\\u202eb", fields["MESSAGE"]);
        Assert.Equal((hostile, "3"), (fields["CANAL_NAME"], fields["PRIORITY"]));
    }

    [Fact]
    public void An_exception_is_a_field_of_many_lines()
    {
        using CanalLog log = Create();
        log.Logger.Fatal(new InvalidOperationException("one\ntwo"), "died");
        Dictionary<string, string> fields = Next();
        Assert.Equal(("died", "2"), (fields["MESSAGE"], fields["PRIORITY"]));
        Assert.StartsWith("System.InvalidOperationException: one\ntwo", fields["CANAL_EXCEPTION"], StringComparison.Ordinal);
    }

    [Fact]
    public void The_level_can_be_changed_while_running()
    {
        using CanalLog log = Create();
        log.Logger.Debug("unseen");
        log.Limit(LogEventLevel.Debug);
        log.Logger.Debug("seen");
        Assert.Equal("seen", Next()["MESSAGE"]);
        log.Limit(LogEventLevel.Error);
        log.Logger.Warning("unseen");
        Assert.True(_journald.IsEmpty);
        Assert.Equal(0, log.Dropped);
    }

    [Fact]
    public async Task A_burst_waits_for_a_journald_that_reads()
    {
        // More patience than in use, as the reader below may have to wait for a processor.
        using CanalLog log = CanalLog.Over(new JournalSink("canal-felix", _folder.At("journal"), TimeSpan.FromSeconds(20)), LogEventLevel.Information);
        const int messages = 3000;
        Task<List<string>> reading = Task.Run(() => Enumerable.Range(0, messages).Select(_ => Next()["MESSAGE"]).ToList());
        for (int i = 0; i < messages; i++)
            log.Logger.Information("message {Number}", i);
        Assert.Equal(0, log.Dropped);
        Assert.Equal(Enumerable.Range(0, messages).Select(i => $"message {i}"), await reading);
    }

    [Fact]
    public void A_full_journal_costs_messages_but_little_time()
    {
        using CanalLog log = Create();
        const int messages = 2000;
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < messages; i++)
            log.Logger.Information("message {Number}", i);
        // 2000 waits would take minutes.
        Assert.InRange(Stopwatch.GetElapsedTime(start), JournalSink.Patience, TimeSpan.FromSeconds(60));
        Assert.InRange(log.Dropped, 1, messages - 1);
        for (int i = 0; i < messages - log.Dropped; i++)
            Assert.Equal($"message {i}", Next()["MESSAGE"]);
        Assert.True(_journald.IsEmpty);
        log.Logger.Information("again");
        Assert.Equal("again", Next()["MESSAGE"]);
    }

    [Fact]
    public void A_journald_that_is_away_costs_messages_until_it_is_back()
    {
        using CanalLog log = CanalLog.Create("canal-felix", LogEventLevel.Information, LogTarget.Journal, NoEnvironment, _folder.At("later"));
        log.Logger.Information("lost");
        Assert.Equal(1, log.Dropped);
        using DatagramSocket back = new(_folder.At("later"));
        log.Logger.Information("found");
        Assert.Equal("found", JournalFields.Parse(back.Receive())["MESSAGE"]);
        Assert.Equal(1, log.Dropped);
    }

    [Fact]
    public void A_large_entry_comes_as_a_sealed_memfd()
    {
        using CanalLog log = Create();
        // Above the largest SO_SNDBUF there can be: 8 MiB asked for, doubled by the kernel for its own book-keeping.
        string large = new('x', 9 << 20);
        log.Logger.Information("state {State}", large);
        using SafeFileHandle memory = ReceiveDescriptor(_journald.Socket.SafeHandle);
        byte[] content = new byte[RandomAccess.GetLength(memory)];
        RandomAccess.Read(memory, content, 0);
        Assert.Equal(large, JournalFields.Parse(content)["CANAL_STATE"]);
        Assert.Throws<UnauthorizedAccessException>(() => RandomAccess.Write(memory, "x"u8, 0));
        Assert.Equal(0, log.Dropped);
    }

    [Fact]
    public void A_value_that_cannot_be_shown_does_not_reach_the_caller()
    {
        using CanalLog log = Create();
        log.Logger.Information("value {Value}", new Unspeakable());
        log.Logger.Information("after");
        Dictionary<string, string> fields = Next();
        if (fields["MESSAGE"] != "after")
            fields = Next();
        Assert.Equal("after", fields["MESSAGE"]);
    }

    [Theory]
    [InlineData("Policy", "CANAL_POLICY")]
    [InlineData("PolicyName", "CANAL_POLICY_NAME")]
    [InlineData("IPSetName", "CANAL_IP_SET_NAME")]
    [InlineData("policy_name", "CANAL_POLICY_NAME")]
    [InlineData("V4Count", "CANAL_V4_COUNT")]
    [InlineData("a.b-c", "CANAL_A_B_C")]
    [InlineData("MessageId", "MESSAGE_ID")]
    [InlineData("ThisNameIsFarTooLongForAFieldOfTheJournalWhichEndsAtSixtyFourCharacters", "CANAL_THIS_NAME_IS_FAR_TOO_LONG_FOR_A_FIELD_OF_THE_JOURNAL_WHICH")]
    public void Fields_are_named_in_upper_snake_case(string property, string field) => Assert.Equal(field, JournalFieldName.Of(property));

    private CanalLog Create() => CanalLog.Create("canal-felix", LogEventLevel.Information, LogTarget.Journal, NoEnvironment, _folder.At("journal"));

    private Dictionary<string, string> Next() => JournalFields.Parse(_journald.Receive());

    private static unsafe SafeFileHandle ReceiveDescriptor(SafeSocketHandle socket)
    {
        SealedMemory.ControlMessage control = default;
        SealedMemory.MessageHeader header = new() { Control = &control, ControlLength = (nuint)sizeof(SealedMemory.ControlMessage) };
        Assert.True(RecvMsg((int)socket.DangerousGetHandle(), &header, 0) >= 0, Marshal.GetLastPInvokeErrorMessage());
        Assert.Equal(Native.SCM_RIGHTS, control.Type);
        return new SafeFileHandle(control.Descriptor, ownsHandle: true);
    }

    [DllImport("libc", EntryPoint = "recvmsg", SetLastError = true)]
    private static extern unsafe nint RecvMsg(int socket, SealedMemory.MessageHeader* message, int flags);

    private sealed class Unspeakable
    {
        public override string ToString() => throw new InvalidOperationException("cannot be shown");
    }
}
