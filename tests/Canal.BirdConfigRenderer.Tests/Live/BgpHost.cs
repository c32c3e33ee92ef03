using Canal.BirdConfigRenderer.Bird;
using Canal.Testing.Rig;

namespace Canal.BirdConfigRenderer.Tests.Live;

/// <summary>One host of a live cluster: a namespace on the fabric, a block of addresses, the renderer, and the BIRD that it starts.</summary>
internal sealed class BgpHost : IDisposable
{
    private readonly RendererProcess renderer;
    private bool hasBird16;

    public BgpHost(string name, int number, string namespaceName, string rootFolder, bool hasBird16)
    {
        (Name, Number, this.hasBird16) = (name, number, hasBird16);
        Netns = new Netns(namespaceName);
        renderer = new RendererProcess(Path.Combine(rootFolder, name), name, $"http://{BgpCluster.EtcdAddress}:2379");
        if (hasBird16) renderer.Configure(Bird16.Settings);
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

    public string Bird6SocketPath => renderer.Bird6SocketPath;

    public string BirdConfig => renderer.BirdConfig;

    public string Bird6Config => renderer.Bird6Config;

    public string SnippetsFolder => renderer.SnippetsFolder;

    public string SecretsFolder => renderer.SecretsFolder;

    /// <summary>What the renderer has logged.</summary>
    public string Log => renderer.Log;

    /// <summary>What the next start of the renderer finds instead of 1.6.</summary>
    public void HasBird2()
    {
        hasBird16 = false;
        renderer.Configure();
    }

    public void Start() => renderer.Start(Netns);

    /// <summary>Kills the renderer; BIRD goes on.</summary>
    public void Kill() => renderer.Kill();

    /// <summary>Kills all its processes.</summary>
    public void KillBird() => Netns.Shell($"for p in $(ip netns pids {Netns.Name}); do case \"$(cat /proc/$p/comm)\" in bird | bird6) kill -9 $p ;; esac; done");

    /// <summary>BIRD as it says it is, the two processes of 1.6 as one; null when it does not answer.</summary>
    public async Task<BirdView?> Look()
    {
        BirdView? view = await Look(BirdSocketPath);
        if (!hasBird16 || view is null) return view;
        return await Look(Bird6SocketPath) is { } six ? view with { Sessions = view.Sessions.AddRange(six.Sessions), IsRecovering = view.IsRecovering || six.IsRecovering } : null;
    }

    private static async Task<BirdView?> Look(string socket)
    {
        try
        {
            return await BirdView.ReadAsync(socket, CancellationToken.None);
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
