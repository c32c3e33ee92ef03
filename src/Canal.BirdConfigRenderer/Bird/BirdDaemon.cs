using System.Collections.Immutable;
using Canal.BirdConfigRenderer.Configuration;
using Canal.Core.Bgp;
using Serilog;
using HostingConfiguration = Canal.Hosting.Configuration;

namespace Canal.BirdConfigRenderer.Bird;

/// <summary>One BIRD process of this host: its language, its program, its file and where it answers.</summary>
internal sealed class BirdDaemon(BirdDialect dialect, BirdProgram program, string configuration, string socket, string group)
{
    public BirdDialect Dialect => dialect;

    public BirdProgram Program => program;

    /// <summary>Path of its control socket.</summary>
    public string Socket => socket;

    public BirdFile File { get; } = new(configuration, group, program, socket);

    /// <summary>The processes of the BIRD that this host has: one of BIRD 2, two of 1.6.</summary>
    public static async Task<ImmutableArray<BirdDaemon>> ChooseAsync(HostingConfiguration configuration, ILogger log)
    {
        BirdVersion version = configuration.Get(RendererSettings.BirdVersion);
        if (version == BirdVersion.Auto) version = await AskAsync(configuration.Get(RendererSettings.BirdProgram), log).ConfigureAwait(false);
        return Of(configuration, version);
    }

    /// <summary>Ends it so that its neighbours keep its routes while it starts again; null when it ends, else why not.</summary>
    public Task<string?> EndForRestartAsync(CancellationToken stop) =>
        dialect.GracefulRestartCommand is { } command ? File.TellAsync(command, stop) : Task.FromResult(program.Kill());

    private static ImmutableArray<BirdDaemon> Of(HostingConfiguration configuration, BirdVersion version)
    {
        string path = configuration.Get(RendererSettings.BirdConfig), socket = configuration.Get(RendererSettings.BirdSocket), group = configuration.Get(RendererSettings.BirdGroup);
        BirdProgram program = new(configuration.Get(RendererSettings.BirdProgram), path, socket);
        if (version != BirdVersion.Bird16) return [new BirdDaemon(BirdDialect.Bird2, program, path, socket, group)];
        string path6 = configuration.Get(RendererSettings.Bird6Config), socket6 = configuration.Get(RendererSettings.Bird6Socket);
        BirdProgram program6 = new(configuration.Get(RendererSettings.Bird6Program), path6, socket6);
        return [new BirdDaemon(BirdDialect.Bird16[0], program, path, socket, group), new BirdDaemon(BirdDialect.Bird16[1], program6, path6, socket6, group)];
    }

    /// <summary>One that does not say is taken for the one that distributions have.</summary>
    private static async Task<BirdVersion> AskAsync(string program, ILogger log)
    {
        try
        {
            string version = await BirdProgram.VersionAsync(program, CancellationToken.None).ConfigureAwait(false);
            return version.StartsWith("1.", StringComparison.Ordinal) ? BirdVersion.Bird16 : BirdVersion.Bird2;
        }
        catch (IOException e)
        {
            Log.UnknownBird(log, e.Message);
            return BirdVersion.Bird2;
        }
    }
}
