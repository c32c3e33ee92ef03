using System.Globalization;

namespace Canal.Testing.Rig;

/// <summary>
/// A network card that does not fill in what it promised to: VXLAN packets that come out of a host's link, into a bridge, go on with the checksums inside as they
/// are. A packet socket passes packets without filling their checksums in. The checksum outside is taken away, which VXLAN over IPv4 allows (RFC 7348 section 5).
/// </summary>
public sealed class CarelessCard : IDisposable
{
    private const int OuterChecksum = 14 + 20 + 6;

    private readonly CancellationTokenSource stop = new();
    private readonly PacketSocket socket;
    private readonly Thread relay;

    /// <param name="place">The namespace of the bridge.</param>
    /// <param name="link">The bridge's port to the host.</param>
    /// <param name="bridge">The bridge.</param>
    /// <param name="port">The UDP port of VXLAN.</param>
    public CarelessCard(Netns place, string link, string bridge, int port)
    {
        place.Shell($$"""
            ip link add card0 type veth peer name card1
            ip link set card0 master {{bridge}}
            bridge link set dev card0 learning off
            ip link set card0 up
            ip link set card1 up
            nft -f - <<'END'
            table netdev card {
                chain from-host {
                    type filter hook ingress device "{{link}}" priority 0
                    meta protocol ip udp dport {{port}} fwd to "card0"
                }
            }
            END
            """);
        int inner = int.Parse(place.Shell("ip -o link show card1 | cut -d: -f1"), CultureInfo.InvariantCulture);
        socket = place.Run(() => new PacketSocket());
        relay = new Thread(() => Relay(inner)) { IsBackground = true };
        relay.Start();
    }

    /// <summary>VXLAN packets that went through.</summary>
    public int Packets { get; private set; }

    /// <inheritdoc/>
    public void Dispose()
    {
        stop.Cancel();
        relay.Join();
        socket.Dispose();
        stop.Dispose();
    }

    private void Relay(int inner)
    {
        byte[] frame = new byte[65536];
        while (!stop.IsCancellationRequested)
        {
            if (!socket.TryReceive(TimeSpan.FromMilliseconds(100), frame, out int length, out int link) || link != inner || length < OuterChecksum + 2 || frame[23] != 17) continue;
            frame.AsSpan(OuterChecksum, 2).Clear();
            socket.Send(inner, frame.AsSpan(0, length));
            Packets++;
        }
    }
}
