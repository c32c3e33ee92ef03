using System.Threading.Channels;
using Canal.Linux;
using Canal.Linux.Netlink;
using Canal.Linux.Routing;

namespace Canal.Testing;

/// <summary>
/// A kernel's routing in memory, with the kernel's own answers: what is refused with which errno, and what vanishes when a link goes down or an address
/// is taken away. Held to the kernel by the parity tests in Canal.Kernel.Tests.
/// Not modelled: the local table, automatic link-local addresses and duplicate detection, learned neighbours, FDBs of bridges, IPv6 peer addresses,
/// namespaces, the MTU a bridge takes from its ports, links below an MTU of 1280, taking the loopback down. A new one has only a loopback that is down, like a new namespace.
/// </summary>
public sealed partial class FakeRouteStack : IRouteStack, ILinkMonitor
{
    /// <summary>nl_pid of changes made by <see cref="Meddle"/>.</summary>
    public const uint ForeignPort = 2000;

    private readonly Channel<KernelEvent> events = Channel.CreateUnbounded<KernelEvent>();
    private readonly List<KernelChange> requests = [];
    private readonly Queue<(Predicate<KernelChange> Which, int Errno)> refusals = new();
    private int applyFailure, listFailure;
    private uint requester;

    public uint PortId => 1000;

    /// <summary>Every change asked for by <see cref="Apply"/>, refused ones too, in order.</summary>
    public IReadOnlyList<KernelChange> Requests => requests;

    /// <summary>Forgets <see cref="Requests"/>.</summary>
    public void ForgetRequests() => requests.Clear();

    /// <summary>The next change that the predicate picks is refused.</summary>
    public void RefuseNext(int errno, Predicate<KernelChange>? which = null) => refusals.Enqueue((which ?? (_ => true), errno));

    /// <summary>The next Apply does its work and then throws, as when the answers were lost (ENOBUFS).</summary>
    public void FailNextApply(int errno = Errno.ENOBUFS) => applyFailure = errno;

    /// <summary>The next listing throws.</summary>
    public void FailNextList(int errno = Errno.EINTR) => listFailure = errno;

    /// <summary>Throws away the queued events and tells an overrun instead.</summary>
    public void LoseEvents()
    {
        TakeEvents();
        events.Writer.TryWrite(new KernelEvent(KernelEventKind.Overrun));
    }

    /// <summary>Somebody else changes something; throws when the kernel would refuse it.</summary>
    public void Meddle(KernelChange change)
    {
        ChangeResult result = Perform(change, ForeignPort);
        if (!result.IsOk) throw new NetlinkException(result.Request!, result.Errno);
    }

    /// <summary>What happened since the last call, oldest first.</summary>
    public List<KernelEvent> TakeEvents()
    {
        List<KernelEvent> taken = [];
        while (events.Reader.TryRead(out KernelEvent happened)) taken.Add(happened);
        return taken;
    }

    public async ValueTask ReceiveAsync(List<KernelEvent> into, CancellationToken stop)
    {
        await events.Reader.WaitToReadAsync(stop);
        into.AddRange(TakeEvents());
    }

    public void Apply(ReadOnlySpan<KernelChange> changes, Span<ChangeResult> results)
    {
        if (changes.Length != results.Length) throw new ArgumentException("as many results as changes", nameof(results));
        for (int i = 0; i < changes.Length; i++)
        {
            changes[i].Validate();
            requests.Add(changes[i]);
            results[i] = Perform(changes[i], PortId);
        }
        ThrowIfAsked(ref applyFailure, $"apply {changes.Length} changes");
    }

    private ChangeResult Perform(KernelChange change, uint port)
    {
        requester = port;
        int errno = refusals.TryPeek(out (Predicate<KernelChange> Which, int Errno) refusal) && refusal.Which(change) ? refusals.Dequeue().Errno : Perform(change);
        return errno == 0 ? default : new ChangeResult(errno, change.Print(new LinkNames(links.Values)));
    }

    private int Perform(KernelChange change) => change.Subject switch
    {
        Link link when change.Verb == ChangeVerb.Add => AddLink(link),
        Link link => DeleteLink(link),
        LinkSettings settings => SetLink(settings),
        InterfaceAddress address => PerformAddress(change.Verb, address),
        Route route => PerformRoute(change.Verb, route.Canonical()),
        RoutingRule rule => PerformRule(change.Verb, rule),
        Neighbour neighbour => PerformNeighbour(change.Verb, neighbour),
        FdbEntry entry => PerformFdb(change.Verb, entry),
        Qdisc qdisc => PerformQdisc(change.Verb, qdisc),
        IngressFilter filter => PerformFilter(change.Verb, filter),
        _ => throw new NotSupportedException($"the fake does not know {change}"),
    };

    public IReadOnlyList<Link> Links() => List([.. links.Values]);

    public IReadOnlyList<InterfaceAddress> Addresses() => List([.. addresses]);

    public IReadOnlyList<Route> Routes(RouteFilter filter) => List([.. routes.Where(route => Passes(filter, route))]);

    public IReadOnlyList<RoutingRule> Rules() => List([.. rules]);

    public IReadOnlyList<Neighbour> Neighbours() => List([.. neighbours]);

    public IReadOnlyList<FdbEntry> Fdb() => List([.. fdb]);

    private T[] List<T>(T[] items)
    {
        ThrowIfAsked(ref listFailure, $"list {typeof(T).Name}");
        return items;
    }

    private static void ThrowIfAsked(ref int failure, string request)
    {
        int errno = failure;
        failure = 0;
        if (errno != 0) throw new NetlinkException(request, errno);
    }

    private void Tell(KernelEventKind kind, KernelObject subject) => events.Writer.TryWrite(new KernelEvent(kind, subject, requester));

    /// <summary>Everything it holds, in the notation of ip(8), sorted.</summary>
    public string Dump() => FakeRouteStackText.Write(this);
}
