using System.Collections.Concurrent;
using Canal.Core.Resources;
using Canal.Felix.Configuration;
using Canal.Felix.Dataplane;
using Canal.Testing;
using static Canal.Testing.ResourceBuilder;

namespace Canal.Kernel.Tests.Policy;

/// <summary>From one packet filter to another at a restart: not one allowed packet is lost, and not one that is denied passes.</summary>
public sealed class SwitchTests
{
    private static readonly FelixParameters Parameters = new();

    [Theory]
    [InlineData(PacketFilter.Nftables, PacketFilter.IptablesNft)]
    [InlineData(PacketFilter.Nftables, PacketFilter.IptablesLegacy)]
    [InlineData(PacketFilter.IptablesLegacy, PacketFilter.IptablesNft)]
    public void Nothing_is_lost_and_nothing_leaks_there_and_back(PacketFilter one, PacketFilter other) => PolicyHost.Run(["caliw0", "caliw1"], host =>
    {
        Resource[] cluster =
        [
            Open(),
            Workload("w0", "10.0.0.1", profiles: "open").But(spec => spec with { Mac = host.Ports["caliw0"].OutsideMac }),
            Workload("w1", "10.0.0.2", profiles: "open").But(spec => spec with { Mac = host.Ports["caliw1"].OutsideMac }),
            GlobalPolicy("part", "all()", [Allow(to: Entity(ports: "80"), protocol: "UDP")], [Allow()]),
        ];
        host.Apply(cluster.Select(r => (r.Key, (Resource?)r)), Parameters);
        using Probe probe = new(host);
        probe.Await(100);
        foreach (PacketFilter to in (PacketFilter[])[other, one])
        {
            IPacketFilter before = host.Filter;
            Assert.True(host.Restart(to, Parameters));
            probe.Await(100);
            List<string> removed = new Leftovers(host.Filter, () => [before], mayBeThere: true).Remove();
            Assert.Equal([before.Name], removed);
            Assert.False(before.IsInForce());
            probe.Await(100);
            Assert.False(host.Restart(to, Parameters));
        }
        probe.Finish();
    }, one);

    /// <summary>Sends one flow after another that policy allows, each beside one that it denies, and counts what arrives.</summary>
    private sealed class Probe : IDisposable
    {
        private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30), Pause = TimeSpan.FromMilliseconds(1);

        private readonly PolicyHost host;
        private readonly ConcurrentDictionary<int, bool> arrived = new();
        private readonly Thread thread;
        private volatile bool stop;
        private volatile int sent;

        public Probe(PolicyHost host)
        {
            this.host = host;
            thread = new Thread(Run);
            thread.Start();
        }

        /// <summary>Waits until so many more pairs were sent.</summary>
        public void Await(int pairs)
        {
            int until = sent + pairs;
            Assert.True(SpinWait.SpinUntil(() => sent >= until, Patience), "the probe does not get on");
        }

        /// <summary>Every allowed packet has arrived, and no other.</summary>
        public void Finish()
        {
            stop = true;
            thread.Join();
            SpinWait.SpinUntil(() => Receive() || arrived.Count(a => a.Key % 2 == 0) >= sent, Patience);
            Assert.DoesNotContain(Enumerable.Range(0, sent).Select(i => i * 2), number => !arrived.ContainsKey(number));
            Assert.DoesNotContain(arrived.Keys, number => number % 2 == 1);
        }

        public void Dispose()
        {
            stop = true;
            thread.Join();
        }

        private void Run()
        {
            PolicyHost.Port from = host.Ports["caliw0"];
            while (!stop)
            {
                for (int kind = 0; kind < 2; kind++)
                {
                    Core.Policy.Packet packet = Udp("10.0.0.1", "10.0.0.2", kind == 0 ? 80 : 81) with { SourcePort = (ushort)(1024 + sent % 60_000) };
                    host.Outside.Send(from.OutsideLink, Frame.Of(packet, sent * 2 + kind, from.OutsideMac, from.Mac));
                }
                sent++;
                while (Receive())
                {
                    // What has arrived meanwhile.
                }
                Thread.Sleep(Pause);
            }
        }

        private bool Receive()
        {
            byte[] frame = new byte[2048];
            if (!host.Outside.TryReceive(TimeSpan.Zero, frame, out int length, out int link)) return false;
            int number = Frame.NumberIn(frame.AsSpan(0, length));
            if (number >= 0 && link == host.Ports["caliw1"].OutsideLink) arrived[number] = true;
            return true;
        }
    }
}
