using Canal.Core.Addressing;
using Canal.Core.Flannel;
using Canal.FlannelBridge.Charon;

namespace Canal.FlannelBridge.Tests;

/// <summary>charon in memory: forgets all when it is started again; every connection that is loaded has its security association at once.</summary>
internal sealed class FakeCharon : ICharon
{
    private readonly Dictionary<string, IpsecConnection> connections = [];
    private bool isAttached;

    public List<string> Requests { get; } = [];

    public Dictionary<string, string> Secrets { get; } = [];

    public bool IsRunning { get; set; } = true;

    /// <summary>Peers that it refuses connections to.</summary>
    public HashSet<string> Refused { get; } = [];

    public string Names => string.Join('\n', connections.Keys.Order(StringComparer.Ordinal));

    public IpsecConnection Connection(string name) => connections[name];

    /// <summary>Told by somebody else, or by an earlier run.</summary>
    public void Knows(string name) => connections[name] = null!;

    public void Restart()
    {
        connections.Clear();
        Secrets.Clear();
        isAttached = false;
    }

    public bool Attach()
    {
        if (!IsRunning) throw new ViciException("strongSwan's charon cannot be reached at /run/charon.vici: it does not run");
        (bool isNew, isAttached) = (!isAttached, true);
        return isNew;
    }

    public IReadOnlyCollection<string> Connections() => [.. connections.Keys];

    public IReadOnlySet<string> Established() => connections.Keys.ToHashSet();

    public void Load(IpsecConnection connection)
    {
        if (Refused.Contains(connection.Remote.ToString())) throw new ViciRefusal("charon refuses load-conn: no");
        Requests.Add($"load {connection.Name}");
        connections[connection.Name] = connection;
    }

    public void Unload(string name)
    {
        Requests.Add($"unload {name}");
        connections.Remove(name);
    }

    public void LoadSecret(string id, IpsecSecret secret, IEnumerable<IpAddress> owners)
    {
        Requests.Add($"secret {id}");
        Secrets[id] = string.Join(' ', owners);
    }

    public void UnloadSecret(string id) => Secrets.Remove(id);
}
