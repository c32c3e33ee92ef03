using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Canal.Testing.Rig;

/// <summary>
/// A UDP stream of 1000 numbered packets a second between two nodes. One-way, each packet is NEW to conntrack (no reply is ever seen), so each is judged by policy;
/// echoed, the flow is ESTABLISHED after the first answer.
/// </summary>
public sealed class Flow : IDisposable
{
    private static int nextPort = 20000;
    private readonly Socket sender;
    private readonly Socket receiver;
    private readonly Thread sending;
    private readonly Thread receiving;
    private readonly Thread? answering;
    private readonly bool[] arrived = new bool[1 << 18];
    private volatile bool stopping;
    private int sent;
    private int received;

    private Flow(RigNode from, RigNode to, AddressFamily family, bool echo)
    {
        int port = Interlocked.Increment(ref nextPort);
        sender = Open(from, family);
        receiver = Open(to, family);
        receiver.Bind(new IPEndPoint(family == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, port));
        sender.Bind(new IPEndPoint(from.Address(family), 0));
        EndPoint target = new IPEndPoint(to.Address(family), port);
        sending = new Thread(() => SendAll(target));
        receiving = new Thread(() => Collect(echo ? sender : receiver));
        answering = echo ? new Thread(Answer) : null;
    }

    /// <summary>Packets sent so far.</summary>
    public int Sent => Volatile.Read(ref sent);

    /// <summary>Distinct packets that arrived (or whose echo did).</summary>
    public int Received => Volatile.Read(ref received);

    /// <summary>Starts a stream that nobody answers.</summary>
    public static Flow OneWay(RigNode from, RigNode to, AddressFamily family = AddressFamily.InterNetwork) => Begin(new Flow(from, to, family, echo: false));

    /// <summary>Starts a stream whose packets are sent back; only the echoes count.</summary>
    public static Flow Echoed(RigNode from, RigNode to, AddressFamily family = AddressFamily.InterNetwork) => Begin(new Flow(from, to, family, echo: true));

    /// <summary>Stops sending, waits for what is still under way, and returns the numbers of the lost packets.</summary>
    public IReadOnlyList<int> Stop()
    {
        if (!stopping)
        {
            stopping = true;
            sending.Join();
            receiving.Join();
            answering?.Join();
        }
        return [.. Enumerable.Range(0, Sent).Where(number => !arrived[number])];
    }

    public void Dispose()
    {
        Stop();
        sender.Dispose();
        receiver.Dispose();
    }

    private static Socket Open(RigNode node, AddressFamily family)
    {
        Socket socket = node.Netns.Socket(family, SocketType.Dgram, ProtocolType.Udp);
        // Room for seconds of packets, and seconds of patience for the last: a machine that stalls must not look like a network that loses.
        socket.SetRawSocketOption(Native.SOL_SOCKET, Native.SO_RCVBUFFORCE, BitConverter.GetBytes(8 << 20));
        socket.ReceiveTimeout = 2000;
        return socket;
    }

    private static Flow Begin(Flow flow)
    {
        flow.receiving.Start();
        flow.answering?.Start();
        flow.sending.Start();
        return flow;
    }

    private void SendAll(EndPoint target)
    {
        byte[] packet = new byte[16];
        long start = Stopwatch.GetTimestamp();
        while (!stopping && sent < arrived.Length)
        {
            // After an oversleep the missing packets follow at once: the mean stays 1 kHz.
            for (int due = (int)Stopwatch.GetElapsedTime(start).TotalMilliseconds; sent <= due && sent < arrived.Length; Interlocked.Increment(ref sent))
            {
                BinaryPrimitives.WriteInt32BigEndian(packet, sent);
                TrySend(packet, target);
            }
            Thread.Sleep(1);
        }
    }

    // While routes are missing the sender's own stack may refuse, or report an earlier ICMP error: such a packet counts as sent and lost.
    private void TrySend(byte[] packet, EndPoint target)
    {
        try
        {
            sender.SendTo(packet, target);
        }
        catch (SocketException)
        {
        }
    }

    private void Collect(Socket at)
    {
        byte[] buffer = new byte[64];
        while (true)
        {
            try
            {
                if (at.Receive(buffer) >= 4 && BinaryPrimitives.ReadInt32BigEndian(buffer) is var number && !arrived[number])
                {
                    arrived[number] = true;
                    Interlocked.Increment(ref received);
                }
            }
            catch (SocketException error)
            {
                if (stopping && !sending.IsAlive && (error.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock))
                    return;
            }
        }
    }

    private void Answer()
    {
        byte[] buffer = new byte[64];
        while (!stopping || sending.IsAlive || receiving.IsAlive)
        {
            try
            {
                EndPoint client = new IPEndPoint(receiver.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
                int length = receiver.ReceiveFrom(buffer, ref client);
                receiver.SendTo(buffer.AsSpan(0, length), client);
            }
            catch (SocketException)
            {
                // A time-out, or an error of one datagram: the loop's condition decides.
            }
        }
    }
}
