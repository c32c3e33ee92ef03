using System.Buffers.Binary;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Canal.FlannelBridge.Charon;

/// <summary>A connection to charon's control socket: one request at a time, each answered within the patience or given up with the connection.</summary>
internal sealed class ViciClient : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Parts that an answer may come in: more than a network has hosts.</summary>
    private const int MostEvents = 1 << 20;

    private readonly Socket socket;
    private readonly byte[] length = new byte[4];

    private ViciClient(Socket socket) => this.socket = socket;

    /// <exception cref="ViciException">Nobody listens there, or this process may not speak to it.</exception>
    public static ViciClient Open(string path)
    {
        Socket socket = new(System.Net.Sockets.AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
        {
            ReceiveTimeout = (int)Patience.TotalMilliseconds,
            SendTimeout = (int)Patience.TotalMilliseconds,
        };
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return new ViciClient(socket);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new ViciException($"strongSwan's charon cannot be reached at {path}: {Reason(e)}");
        }
    }

    private static string Reason(SocketException e) => e.SocketErrorCode switch
    {
        SocketError.AccessDenied => "this agent's group may not write to the socket (canal-flannel-bridge(8), IPSEC)",
        SocketError.ConnectionRefused or SocketError.AddressNotAvailable => "it does not run",
        _ => e.Message,
    };

    /// <summary>charon has not closed the connection.</summary>
    public bool IsOpen
    {
        get
        {
            try
            {
                // Between requests there is nothing to read but the end.
                return !socket.Poll(0, SelectMode.SelectRead);
            }
            catch (SocketException)
            {
                return false;
            }
        }
    }

    /// <summary>Asks, and returns the answer.</summary>
    /// <exception cref="ViciRefusal">charon says no.</exception>
    /// <exception cref="ViciException">charon does not answer.</exception>
    public ViciSection Ask(string command, ViciSection message)
    {
        Send(ViciPacket.Request, command, message);
        (ViciPacket kind, _, ViciSection answer) = Receive(command);
        if (kind != ViciPacket.Response) throw new ViciException($"charon does not know {command}");
        return answer.Text("success") != "no" ? answer : throw new ViciRefusal($"charon refuses {command}: {answer.Text("errmsg")}");
    }

    /// <summary>Asks for what comes in parts, as events.</summary>
    /// <exception cref="ViciException">charon does not answer.</exception>
    public List<ViciSection> AskAll(string command, string eventName)
    {
        Register(ViciPacket.Register, eventName);
        Send(ViciPacket.Request, command, new ViciSection());
        List<ViciSection> parts = [];
        while (Receive(command) is var (kind, _, part) && kind == ViciPacket.Event)
            if (parts.Count < MostEvents) parts.Add(part);
        Register(ViciPacket.Unregister, eventName);
        return parts;
    }

    /// <summary>Asks for events that come of themselves.</summary>
    public void Register(string eventName) => Register(ViciPacket.Register, eventName);

    private void Register(ViciPacket kind, string eventName)
    {
        Send(kind, eventName, null);
        if (Receive(eventName).Kind != ViciPacket.Confirmed) throw new ViciException($"charon does not know the event {eventName}");
    }

    /// <summary>Awaits an event; false when charon ended.</summary>
    public async Task<bool> WaitAsync(CancellationToken stop)
    {
        try
        {
            byte[] some = new byte[4096];
            return await socket.ReceiveAsync(some, stop).ConfigureAwait(false) > 0;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private void Send(ViciPacket kind, string name, ViciSection? message)
    {
        byte[] packet = ViciCodec.Write(kind, name, message);
        try
        {
            for (int sent = 0; sent < packet.Length;) sent += socket.Send(packet.AsSpan(sent));
        }
        catch (SocketException e)
        {
            throw new ViciException($"{name}: charon does not take the request: {e.Message}");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(packet);
        }
    }

    private (ViciPacket Kind, string Name, ViciSection Message) Receive(string what)
    {
        Fill(length, what);
        uint size = BinaryPrimitives.ReadUInt32BigEndian(length);
        if (size is 0 or > ViciCodec.LongestPacket) throw new ViciException($"{what}: charon's answer says that it has {size} bytes");
        byte[] packet = new byte[size];
        Fill(packet, what);
        return ViciCodec.Read(packet);
    }

    private void Fill(Span<byte> target, string what)
    {
        try
        {
            while (!target.IsEmpty)
            {
                int received = socket.Receive(target);
                if (received == 0) throw new ViciException($"{what}: charon closed the connection");
                target = target[received..];
            }
        }
        catch (SocketException e)
        {
            throw new ViciException($"{what}: charon does not answer: {e.Message}");
        }
    }

    public void Dispose() => socket.Dispose();
}
