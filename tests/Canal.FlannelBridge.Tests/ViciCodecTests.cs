using System.Buffers.Binary;
using System.Text;
using Canal.FlannelBridge.Charon;

namespace Canal.FlannelBridge.Tests;

public sealed class ViciCodecTests
{
    private static byte[] Bytes(params object[] parts) => [.. parts.SelectMany(p => p is string text ? Encoding.ASCII.GetBytes(text) : [(byte)(int)p])];

    [Fact]
    public void A_request_is_written_as_the_protocol_has_it()
    {
        ViciSection message = new ViciSection().Set("name", "a").Set("list", "b", "cd").Set("in", new ViciSection().Set("deep", "e"));
        byte[] expected = Bytes(0, 0, 0, 52, 0, 4, "load", 3, 4, "name", 0, 1, "a", 4, 4, "list", 5, 0, 1, "b", 5, 0, 2, "cd", 6, 1, 2, "in", 3, 4, "deep", 0, 1, "e", 2);
        expected[3] = (byte)(expected.Length - 4);
        Assert.Equal(expected, ViciCodec.Write(ViciPacket.Request, "load", message));
    }

    [Fact]
    public void What_is_written_is_read()
    {
        Random random = new(1);
        for (int i = 0; i < 500; i++)
        {
            ViciSection section = Some(random, 0);
            byte[] packet = ViciCodec.Write(ViciPacket.Event, "e", section);
            Assert.Equal((uint)packet.Length - 4, BinaryPrimitives.ReadUInt32BigEndian(packet));
            (ViciPacket kind, string name, ViciSection read) = ViciCodec.Read(packet.AsSpan(4));
            Assert.Equal((ViciPacket.Event, "e", Text(section)), (kind, name, Text(read)));
        }
    }

    private static ViciSection Some(Random random, int depth)
    {
        ViciSection section = new();
        for (int i = random.Next(4); i > 0; i--) section.Set($"v{i}", new string('x', random.Next(300)));
        for (int i = random.Next(3); i > 0; i--) section.Set($"l{i}", [.. Enumerable.Range(0, random.Next(4)).Select(n => $"{n}ü")]);
        for (int i = depth > 4 ? 0 : random.Next(3); i > 0; i--) section.Set($"s{i}", Some(random, depth + 1));
        return section;
    }

    private static string Text(ViciSection section) =>
        $"{string.Join(',', section.Values.Keys.Select(k => $"{k}={section.Text(k)}"))};{string.Join(',', section.Lists.Select(l => $"{l.Key}=[{string.Join(' ', l.Value)}]"))};{string.Join(',', section.Sections.Select(s => $"{s.Key}{{{Text(s.Value)}}}"))}";

    [Fact]
    public void What_is_cut_off_or_broken_is_an_error_and_nothing_else()
    {
        Random random = new(2);
        for (int i = 0; i < 2000; i++)
        {
            byte[] packet = ViciCodec.Write(ViciPacket.Event, "e", Some(random, 0))[4..];
            for (int changes = random.Next(1, 4); changes > 0; changes--) packet[random.Next(packet.Length)] = (byte)random.Next(256);
            try
            {
                ViciCodec.Read(packet.AsSpan(0, random.Next(packet.Length + 1)));
            }
            catch (ViciException)
            {
            }
        }
    }

    [Theory]
    [InlineData("charon's message is cut off", 1, 3, 1, 65, 0, 9)]
    [InlineData("charon's message ends a section that it did not begin", 1, 2)]
    [InlineData("charon's message does not end a section", 1, 1, 1, 65)]
    [InlineData("charon's message has an element 5 where none may be", 1, 5, 0, 0)]
    [InlineData("charon's message has an element 3 in a list", 1, 4, 1, 65, 3)]
    [InlineData("charon sent a packet of the unknown kind 9", 9)]
    [InlineData("charon's message is cut off")]
    public void What_is_wrong_with_a_message_is_said(string sentence, params int[] packet) =>
        Assert.Equal(sentence, Assert.Throws<ViciException>(() => ViciCodec.Read([.. packet.Select(b => (byte)b)])).Message);

    [Fact]
    public void Sections_nest_only_so_deep()
    {
        byte[] deep = [1, .. Enumerable.Repeat<byte[]>([1, 1, 65], 100_000).SelectMany(b => b)];
        Assert.Equal("charon's message nests deeper than 32", Assert.Throws<ViciException>(() => ViciCodec.Read(deep)).Message);
    }

    [Fact]
    public void A_request_that_charon_would_not_take_is_not_sent()
    {
        string[] owners = [.. Enumerable.Range(0, 50_000).Select(i => $"10.1.{i >> 8}.{i & 255}")];
        Assert.Contains("more than charon's 524288", Assert.Throws<ViciException>(() => ViciCodec.Write(ViciPacket.Request, "load-shared", new ViciSection().Set("owners", owners))).Message, StringComparison.Ordinal);
    }
}
