using Canal.BirdConfigRenderer.Bird;
using Canal.Testing.Rig;

namespace Canal.BirdConfigRenderer.Tests.Live;

/// <summary>One host of a live cluster: a namespace on the fabric, a block of addresses, the renderer, and the BIRD that it starts.</summary>
internal sealed class BgpHost : IDisposable
{
    private readonly RendererProcess renderer;

    public BgpHost(string name, int number, string namespaceName, string rootFolder)
    {
        (Name, Number) = (name, number);
        Netns = new Netns(namespaceName);
        renderer = new RendererProcess(Path.Combine(rootFolder, name), name, $"http://{BgpCluster.EtcdAddress}:2379");
    }

    public string Name { get; }

    public int Number { get; }

    public Netns Netns { get; }

    public string Address => $"10.0.0.{Number}";

    public string Block => $"192.168.{Number}.0/26";

    public string BlockV6 => $"fd00:192:{Number}::/122";

    /// <summary>An address of the block that answers pings.</summary>
    public string Workload => $"192.168.{Number}.1";

    public string BirdSocketPath => renderer.BirdSocketPath;

    public string BirdConfig => renderer.BirdConfig;

    public string SnippetsFolder => renderer.SnippetsFolder;

    public string SecretsFolder => renderer.SecretsFolder;

    /// <summary>What the renderer has logged.</summary>
    public string Log => renderer.Log;

    public void Start() => renderer.Start(Netns);

    /// <summary>Kills the renderer; BIRD goes on.</summary>
    public void Kill() => renderer.Kill();

    public void KillBird() => Netns.Shell($"for p in $(ip netns pids {Netns.Name}); do [ \"$(cat /proc/$p/comm)\" != bird ] || kill -9 $p; done");

    /// <summary>BIRD as it says it is; null when it does not answer.</summary>
    public async Task<BirdView?> Look()
    {
        try
        {
            return await BirdView.ReadAsync(BirdSocketPath, CancellationToken.None);
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Whether the session is established.</summary>
    public async Task<bool> Established(string session) => (await Look())?.Sessions.GetValueOrDefault(session) is { IsEstablished: true };

    /// <summary>The kernel's routes.</summary>
    public string Routes(string family = "-4") => Netns.Shell($"ip {family} route show");

    /// <summary>Asks the renderer over its own program, as an operator does.</summary>
    public string Ask(string command) => renderer.Ask(command);

    public void Dispose()
    {
        renderer.Dispose();
        Netns.Dispose();
    }
}
