using Canal.Core.Addressing;

namespace Canal.Core.Bgp;

/// <summary>
/// The language of one BIRD process, and the families that it serves. BIRD 2 serves both by one; of 1.6 there is a program for each, which does not even read
/// addresses of the other family. Everything else of a file is the same for all.
/// </summary>
public abstract class BirdDialect
{
    private protected BirdDialect()
    {
    }

    /// <summary>BIRD 2 and later: one process for both families.</summary>
    public static BirdDialect Bird2 { get; } = new Bird2Dialect();

    /// <summary>The two processes of BIRD 1.6: <c>bird</c> for IPv4, <c>bird6</c> for IPv6.</summary>
    public static EquatableArray<BirdDialect> Bird16 { get; } = [new Bird16Dialect(IpFamily.V4), new Bird16Dialect(IpFamily.V6)];

    /// <summary>What the process is called before people.</summary>
    public abstract string Title { get; }

    public abstract EquatableArray<IpFamily> Families { get; }

    /// <summary>The command that ends the process so that its neighbours keep its routes; null when there is none.</summary>
    public abstract string? GracefulRestartCommand { get; }

    /// <summary>The command that shows the routes of a family that the process serves.</summary>
    public abstract string RoutesCommand(IpFamily family);

    /// <summary>The command that shows the routes within a prefix of a family that the process serves, or for a single address.</summary>
    public abstract string RoutesCommand(Cidr cidr);

    /// <summary>The plan without what this BIRD cannot do, each piece of that a problem by the name of the resource that asks for it.</summary>
    /// <param name="plan">For any BIRD.</param>
    /// <param name="inputs">What it was made from.</param>
    public abstract BirdPlan Fit(BirdPlan plan, BgpInputs inputs);

    /// <summary>Whether a snippet is for this process: one whose name has a family is for those that serve it.</summary>
    public bool Takes(BirdSnippet snippet) => snippet.Family is not { } family || Families.Contains(family);

    /// <summary>What is listened on, where that is not the sessions' part.</summary>
    internal abstract void WriteListening(BirdText text, BirdConfiguration configuration);

    /// <summary>The channels of the protocol that knows the interfaces' own routes, before its other options.</summary>
    internal abstract string DirectChannels { get; }

    internal abstract void WriteStaticChannel(BirdText text, IpFamily family);

    internal abstract void WriteKernelChannel(BirdText text, IpFamily family, string filter);

    /// <summary>Options of all sessions of the template.</summary>
    internal abstract void WriteBinding(BirdText text, BirdConfiguration configuration);

    /// <summary>Both ends of a session.</summary>
    internal abstract void WriteEnds(BirdText text, BgpSession session, BirdConfiguration configuration);

    /// <summary>A session's options that are about one family.</summary>
    /// <param name="text">Where they are written to.</param>
    /// <param name="family">The session's.</param>
    /// <param name="options">A line each.</param>
    internal abstract void WriteChannel(BirdText text, IpFamily family, IEnumerable<string> options);

    /// <summary>What <c>gw</c> is of a route without a gateway.</summary>
    internal abstract string NoGateway(IpFamily family);

    /// <summary>Sends a route to its BGP next hop through the IP-in-IP tunnel.</summary>
    /// <exception cref="ArgumentException">This BIRD cannot: <see cref="Fit"/> has not been asked.</exception>
    internal abstract void WriteTunnel(BirdText text);

    private protected static string Neighbor(BgpSession session) => $"neighbor {session.Neighbor} port {session.Port ?? BgpSession.DefaultPort} as {session.RemoteAs};";
}
