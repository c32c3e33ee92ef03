using System.Globalization;
using System.Net;

namespace Canal.Testing.Rig;

/// <summary>An endpoint whose address alternates; its route tells that the agent has applied everything written before.</summary>
public sealed class Canary
{
    private const string Interface = "caliwcanary";
    private readonly RigNode host;
    private int song;

    internal Canary(RigNode host) => this.host = host;

    internal async Task Sing(NetworkRig rig, TimeSpan limit)
    {
        if (song == 0)
            Command.IpBatch([$"link add {Interface} type veth peer name canary-{host.Name} netns {rig.Fabric.Name}", $"link set {Interface} up"], host.Netns);
        string address = $"10.65.{(host.Name == "h1" ? 0 : 1)}.{62 + (song++ & 1)}";
        if (song == 1)
            rig.Fabric.Shell($"ip link set canary-{host.Name} up");
        await rig.Put(Calico.WorkloadEndpoint("default", host.Name, "canary", Interface, "02:65:00:00:00:fe", address + "/32"));
        Agent agent = rig.Agent(host.Name);
        await Poll.Until(() => ValueTask.FromResult(HasRoute(address) || agent.HasExited), limit, () => $"canal-felix on {host.Name} did not program the route of the canary endpoint {address}; {agent.Story}");
        agent.AssertRunning();
    }

    // /proc/net/route prints addresses as hexadecimal words in the machine's byte order.
    private bool HasRoute(string address)
    {
        string word = BitConverter.ToUInt32(IPAddress.Parse(address).GetAddressBytes()).ToString("X8", CultureInfo.InvariantCulture);
        return host.Netns.Run(() => File.ReadLines("/proc/thread-self/net/route").Any(line => line.StartsWith($"{Interface}\t{word}\t", StringComparison.Ordinal)));
    }
}
