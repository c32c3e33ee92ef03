using Canal.Core.Addressing;
using Canal.Core.Overlay;

namespace Canal.Core.Tests.Overlay;

public sealed class ChecksumTests
{
    private static readonly DateTimeOffset Start = new(2026, 5, 4, 9, 30, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("o", ChecksumVerdict.Arrive)]
    [InlineData("ffffff", ChecksumVerdict.Broken)]
    [InlineData("fffffo", ChecksumVerdict.Arrive)]
    [InlineData("fffff", null)]
    [InlineData("--", null)]
    [InlineData("---", ChecksumVerdict.Unknown)]
    [InlineData("-f-f-f-f-f-f", ChecksumVerdict.Broken)]
    [InlineData("f-----------", ChecksumVerdict.Unknown)]
    public void Broken_takes_six_answers_to_what_was_filled_in_and_none_to_what_was_left_open(string rounds, ChecksumVerdict? verdict)
    {
        ChecksumTrial trial = new();
        foreach (char round in rounds[..^1]) Assert.Null(trial.Note(false, round == 'f'));
        Assert.Equal(verdict, trial.Note(rounds[^1] == 'o', rounds[^1] == 'f'));
    }

    [Fact]
    public void Each_is_tried_once_a_day_and_a_silent_one_sooner()
    {
        ChecksumRota rota = new();
        ChecksumPeer a = Peer("10.0.0.1"), b = Peer("10.0.0.2");
        Assert.Null(rota.Due);
        rota.Follow([a], Start);
        rota.Follow([a, b], Start.AddSeconds(1));
        Assert.Equal(a, rota.Next(Start));
        rota.Note(a, ChecksumVerdict.Unknown, Start);
        Assert.Equal(b, rota.Next(Start.AddSeconds(1)));
        rota.Note(b, ChecksumVerdict.Arrive, Start.AddSeconds(1));
        Assert.Null(rota.Next(Start.AddSeconds(9)));
        Assert.Equal(a, rota.Next(Start.AddSeconds(10)));
        rota.Note(a, ChecksumVerdict.Unknown, Start.AddSeconds(10));
        Assert.Equal(Start.AddSeconds(50), rota.Due);
        rota.Follow([b], Start);
        Assert.Equal(Start.AddSeconds(1).AddDays(1), rota.Due);
    }

    [Fact]
    public void Where_checksums_break_nobody_else_is_tried_over_that_device()
    {
        ChecksumRota rota = new();
        ChecksumPeer other = new("vxlan-v6.calico", 8, IpAddress.Parse("fd00::1"));
        rota.Follow([Peer("10.0.0.1"), Peer("10.0.0.2"), other], Start);
        rota.Note(Peer("10.0.0.1"), ChecksumVerdict.Broken, Start);
        Assert.Equal(other, rota.Next(Start));
        rota.Note(other, ChecksumVerdict.Arrive, Start);
        Assert.Null(rota.Next(Start.AddHours(1)));
    }

    private static ChecksumPeer Peer(string address) => new("vxlan.calico", 7, IpAddress.Parse(address));
}
