using Canal.Core.Addressing;
using Canal.Linux.Routing;
using CsCheck;
using static Canal.Kernel.Tests.Routing.RoutingNamespace;

namespace Canal.Kernel.Tests.Routing;

/// <summary>Random sequences over few names and addresses, so that they meet: the fake must answer as the kernel does at every step.</summary>
public sealed class RandomRouteStackParityTests
{
    private static readonly string[] Names = ["a", "b"];

    private sealed record Place(string[] Own, byte OwnLength, string[] Hosts, string[] Nets);

    private static readonly Place V4 = new(["10.1.0.1", "10.2.0.1"], 24, ["10.1.0.254", "10.2.0.254"], ["10.9.0.0/24", "10.65.0.10/32", "0.0.0.0/0"]);
    private static readonly Place V6 = new(["fd00:1::1", "fd00:2::1"], 64, ["fd00:1::fe", "fd00:2::fe"], ["fd00:9::/64", "fd00:65::10/128", "::/0"]);

    private static readonly Gen<Func<Func<string, int>, KernelChange>> Change = Gen.Frequency(
        (2, LinkChange()),
        (3, AddressChange(V4)),
        (3, AddressChange(V6)),
        (6, RouteChange(V4)),
        (6, RouteChange(V6)),
        (2, NeighbourChange(V4)),
        (2, NeighbourChange(V6)));

    [Fact]
    public void The_fake_answers_as_the_kernel_on_random_sequences() => Change.List[5, 60].Check(200, changes =>
    {
        using Parity both = new();
        foreach (string name in Names) both.AddVeth(name);
        foreach (Func<Func<string, int>, KernelChange> change in changes) both.Do(change);
    }, changes => $"{changes.Count} changes");

    private static Gen<Func<Func<string, int>, KernelChange>> LinkChange() =>
        from name in OneOf(Names)
        from what in Gen.Int[0, 9]
        select new Func<Func<string, int>, KernelChange>(link => what switch
        {
            0 => KernelChange.Delete(new Link { Name = name }),
            1 => KernelChange.Add(new Link { Name = name, Kind = "veth", Detail = new VethDetail($"p-{name}") }),
            _ => KernelChange.SetUp(link(name), up: what < 8),
        });

    private static Gen<Func<Func<string, int>, KernelChange>> AddressChange(Place place) =>
        from name in OneOf(Names)
        from own in Gen.Int[0, 1]
        from verb in Verb
        select new Func<Func<string, int>, KernelChange>(link => new KernelChange(verb,
            new InterfaceAddress { Interface = link(name), Address = Ip(place.Own[own]), PrefixLength = place.OwnLength, NoDad = true }));

    private static Gen<Func<Func<string, int>, KernelChange>> RouteChange(Place place) =>
        from name in OneOf(Names)
        from net in OneOf(place.Nets)
        from host in Gen.Int[0, 1]
        from shape in Gen.Int[0, 4]
        from metric in OneOf(0u, 1024u, 50u)
        from table in OneOf(RouteTable.Main, RouteTable.Main, 1000u)
        from verb in Verb
        select new Func<Func<string, int>, KernelChange>(link => new KernelChange(verb, (shape switch
        {
            0 => Route.ToLink(Net(net), link(name)),
            1 => Route.Via(Net(net), Ip(place.Hosts[host]), link(name)),
            2 => new Route { Destination = Net(net), Gateway = Ip(place.Hosts[host]), Interface = link(name) },
            3 => new Route { Destination = Net(net), Type = RouteType.Blackhole },
            _ => Route.ToLink(Net(net), link(name)) with { Source = Ip(place.Own[host]), Mtu = 1400 },
        }) with
        { Metric = metric, Table = table }));

    private static Gen<Func<Func<string, int>, KernelChange>> NeighbourChange(Place place) =>
        from name in OneOf(Names)
        from host in OneOf(place.Hosts)
        from mac in Gen.ULong[1, 2]
        from proxy in Gen.Bool
        from verb in Verb
        select new Func<Func<string, int>, KernelChange>(link => new KernelChange(verb, proxy
            ? Neighbour.Proxy(link(name), Ip(host))
            : new Neighbour { Interface = link(name), Address = Ip(host), Mac = new MacAddress(0x020000000000 + mac) }));

    private static Gen<T> OneOf<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    private static Gen<ChangeVerb> Verb => OneOf(ChangeVerb.Add, ChangeVerb.Add, ChangeVerb.Replace, ChangeVerb.Delete);
}
