using System.Net;
using System.Net.Sockets;

namespace Canal.Testing.Rig;

/// <summary>A namespace of the rig with its two addresses and the echo servers in it: a host, a workload, or the outsider x.</summary>
public sealed class RigNode : IDisposable
{
    private readonly Dictionary<int, EchoServer> servers = [];

    internal RigNode(string name, Netns netns, IPAddress address4, IPAddress address6)
    {
        Name = name;
        Netns = netns;
        Address4 = address4;
        Address6 = address6;
    }

    public string Name { get; }

    public Netns Netns { get; }

    public IPAddress Address4 { get; }

    public IPAddress Address6 { get; }

    public IPAddress Address(AddressFamily family) => family == AddressFamily.InterNetwork ? Address4 : Address6;

    /// <summary>Serves TCP and UDP echo on further ports.</summary>
    public void Listen(params IEnumerable<int> ports)
    {
        foreach (int port in ports)
            if (!servers.ContainsKey(port))
                servers[port] = new EchoServer(Netns, port);
    }

    /// <summary>Runs a shell script in the node's namespace.</summary>
    public string Shell(string script) => Netns.Shell(script);

    public void Dispose()
    {
        foreach (EchoServer server in servers.Values)
            server.Dispose();
        Netns.Dispose();
    }
}
