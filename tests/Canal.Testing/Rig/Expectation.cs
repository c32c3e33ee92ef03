using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Canal.Testing.Rig;

/// <summary>
/// One line of a round, in the notation of the scenarios: <c>[v6] [how] a→b[:port] ✓</c> or <c>✗</c>; <c>↔</c> is both ways; port 8055 when none is given.
/// <para>How: nothing or <c>tcp</c> connects; <c>sport=N</c> connects from that source port; <c>udp</c> and <c>ping</c> want an echo. The others send one packet and look for
/// its arrival: <c>proto=N</c> (raw IP), <c>icmp=TYPE/CODE</c>, <c>src=ADDRESS</c> (UDP with that source), <c>syn=ADDRESS</c> (TCP SYN with that source). <c>ack</c> sends a
/// TCP ACK that belongs to no connection and wants a RST.</para>
/// <para>✗ means silence: no answer of any kind, no RST, no ICMP error, no arrival.</para>
/// </summary>
public sealed record Expectation(string Text, string How, string Argument, AddressFamily Family, string From, string To, int Port, bool Allowed)
{
    public const int DefaultPort = 8055;

    /// <summary>Reads one line; <c>↔</c> gives two expectations.</summary>
    public static IEnumerable<Expectation> Read(string text)
    {
        string[] words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        int arrow = Array.FindIndex(words, w => w.Contains('→') || w.Contains('↔'));
        if (arrow < 0 || arrow + 2 != words.Length || words[^1] is not ("✓" or "✗"))
            throw new FormatException($"not an expectation: {text}");
        AddressFamily family = words.Contains("v6") ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork;
        string[] how = (words.Take(arrow).FirstOrDefault(w => w != "v6") ?? "tcp").Split('=', 2);
        string[] ends = words[arrow].Split('→', '↔');
        string[] target = ends[1].Split(':');
        int port = target.Length > 1 ? int.Parse(target[1], CultureInfo.InvariantCulture) : DefaultPort;
        Expectation there = new(text, how[0], how.Length > 1 ? how[1] : "", family, ends[0], target[0], port, words[^1] == "✓");
        return words[arrow].Contains('↔') ? [there, there with { From = there.To, To = there.From }] : [there];
    }

    /// <summary>The spoofed source of <c>src=</c> and <c>syn=</c>.</summary>
    public IPAddress Source => IPAddress.Parse(Argument);

    public override string ToString() => From + "→" + To == Text ? Text : $"{Text} ({From}→{To})";
}
