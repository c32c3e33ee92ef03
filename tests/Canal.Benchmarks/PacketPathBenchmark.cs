using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Canal.Testing.Rig;

namespace Canal.Benchmarks;

/// <summary>
/// What policy costs a packet between two workloads of a host: under the native canal-felix with 10 and with 1000 endpoints, on a host without any rule, and on
/// one with a single rule by hand that accepts what is established, which is what connection tracking alone costs. The hosts take turns in every round. Needs
/// root, etcd, nft and <c>make build</c> (or CANAL_BIN_DIR).
/// </summary>
internal sealed class PacketPathBenchmark : IDisposable
{
    private const int Rounds = 40;
    private const int Echoes = 2000;
    private const int StreamBytes = 64 << 20;
    private const int StreamPort = 8100;

    private readonly string name;
    private readonly NetworkRig rig;
    private readonly Socket echo;
    private readonly Socket listener;
    private readonly List<double> established = [], begun = [], streams = [];
    private ushort identifier;

    private PacketPathBenchmark(string name, NetworkRig rig)
    {
        (this.name, this.rig) = (name, rig);
        echo = rig["w0"].Netns.RawSocket(AddressFamily.InterNetwork, (byte)ProtocolType.Icmp);
        echo.Connect(new IPEndPoint(rig["w1"].Address4, 0));
        echo.ReceiveTimeout = 5000;
        listener = rig["w1"].Netns.Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Any, StreamPort));
        listener.Listen();
    }

    public static void Run(TextWriter output) => MeasureAsync(output).GetAwaiter().GetResult();

    public void Dispose()
    {
        echo.Dispose();
        listener.Dispose();
    }

    private static async Task MeasureAsync(TextWriter output)
    {
        await using NetworkRig bare = await NetworkRig.OneHost(2), tracked = await NetworkRig.OneHost(2), few = await NetworkRig.OneHost(2), many = await NetworkRig.OneHost(2);
        bare.PlumbByHand();
        tracked.PlumbByHand();
        tracked["h1"].Shell("nft 'add table inet t; add chain inet t f { type filter hook forward priority 0; }; add rule inet t f ct state established accept'");
        await PopulateAsync(few, 10);
        await PopulateAsync(many, 1000);
        using PacketPathBenchmark none = new("no rule at all", bare), hand = new("established accept, by hand", tracked), ten = new("10 endpoints", few), thousand = new("1000 endpoints", many);
        PacketPathBenchmark[] all = [none, hand, ten, thousand];
        for (int i = 0; i < Rounds; i++)
            foreach (PacketPathBenchmark one in all.Skip(i % all.Length).Concat(all.Take(i % all.Length))) one.Round();
        foreach (PacketPathBenchmark one in all) one.Print(output);
        output.WriteLine(Ratios("10 endpoints / no rule (target 1.10)", ten, none));
        output.WriteLine(Ratios("10 endpoints / established accept by hand", ten, hand));
        output.WriteLine(Ratios("1000 endpoints / 10 endpoints (target 1.05)", thousand, ten));
    }

    /// <summary>Endpoints with ten policies of five rules that do not match, and one that allows; the packets' own endpoints among them.</summary>
    private static async Task PopulateAsync(NetworkRig rig, int endpoints)
    {
        await rig.AddSilentWorkloads(endpoints - 2);
        for (int i = 0; i < 10; i++)
            await rig.Put(Calico.GlobalNetworkPolicy($"other-{i}").Order(i).Selecting("all()").In([.. Enumerable.Range(0, 5).Select(k => Rule.Allow.Tcp.Src($"name == 'other-{k}'").DstPorts(9000 + (5 * i) + k))]));
        await rig.Put(Calico.GlobalNetworkPolicy("allowed").Order(100).Selecting("all()").In(Rule.Allow.Src("has(name)")));
        await rig.StartAgents();
    }

    private void Round()
    {
        established.Add(PerEcho(newFlows: false));
        begun.Add(PerEcho(newFlows: true));
        streams.Add(Stream());
    }

    /// <summary>Microseconds from an echo request to its answer. The answer comes in the sender's own call: nobody has to wake up.</summary>
    private double PerEcho(bool newFlows)
    {
        byte[] request = new byte[64], answer = new byte[256];
        identifier++;
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < Echoes; i++)
        {
            if (newFlows) identifier++;
            Fill(request, identifier, (ushort)i);
            echo.Send(request);
            echo.Receive(answer);
        }
        return Stopwatch.GetElapsedTime(start).TotalMicroseconds / Echoes;
    }

    /// <summary>Mebibytes a second of one TCP connection.</summary>
    private double Stream()
    {
        using Socket sender = rig["w0"].Netns.Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        sender.Connect(new IPEndPoint(rig["w1"].Address4, StreamPort));
        using Socket receiver = listener.Accept();
        long start = Stopwatch.GetTimestamp();
        Thread sending = new(() => Send(sender));
        sending.Start();
        byte[] buffer = new byte[256 << 10];
        for (int left = StreamBytes; left > 0;) left -= receiver.Receive(buffer);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        sending.Join();
        return StreamBytes / seconds / (1 << 20);
    }

    private static void Send(Socket socket)
    {
        byte[] buffer = new byte[256 << 10];
        for (int left = StreamBytes; left > 0; left -= buffer.Length) socket.Send(buffer);
    }

    /// <summary>An echo request (RFC 792) with its checksum (RFC 1071); all but its head is zero.</summary>
    private static void Fill(byte[] request, ushort identifier, ushort sequence)
    {
        const ushort Type = 8 << 8;
        uint sum = (uint)Type + identifier + sequence;
        sum = (sum & 0xffff) + (sum >> 16);
        BinaryPrimitives.WriteUInt16BigEndian(request, Type);
        BinaryPrimitives.WriteUInt16BigEndian(request.AsSpan(2), (ushort)~((sum & 0xffff) + (sum >> 16)));
        BinaryPrimitives.WriteUInt16BigEndian(request.AsSpan(4), identifier);
        BinaryPrimitives.WriteUInt16BigEndian(request.AsSpan(6), sequence);
    }

    private void Print(TextWriter output) => output.WriteLine(string.Create(CultureInfo.InvariantCulture,
        $"  {name,-44} echo {Median(established),6:F2} us, of a new flow {Median(begun),6:F2} us, TCP {Median(streams),6:F0} MiB/s   n = {Rounds}"));

    private static string Ratios(string what, PacketPathBenchmark one, PacketPathBenchmark other) => string.Create(CultureInfo.InvariantCulture,
        $"  {what,-44} echo {Ratio(one.established, other.established),6:F2}, of a new flow {Ratio(one.begun, other.begun),9:F2}, TCP's time {Ratio(other.streams, one.streams),6:F2}");

    /// <summary>The median of the rounds' ratios: what slows the machine down for a while slows both.</summary>
    private static double Ratio(List<double> one, List<double> other) => Median([.. one.Zip(other, (a, b) => a / b)]);

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
