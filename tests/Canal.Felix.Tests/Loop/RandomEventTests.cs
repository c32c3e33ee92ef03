using Canal.Felix.Dataplane.Nftables;
using Canal.Linux;
using Canal.Linux.Routing;
using Canal.Testing.Nftables;
using Canal.Testing.Rig;
using static Canal.Felix.Tests.Loop.SampleObjects;

namespace Canal.Felix.Tests.Loop;

/// <summary>Whatever happened on the way, the kernel ends as a fresh start would make it.</summary>
public sealed class RandomEventTests
{
    private static readonly string[] Links = ["caliw0", "caliw1", "caliw2"];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Random_events_and_faults_end_in_the_state_of_a_fresh_start(int seed)
    {
        Random random = new(seed);
        using LoopHost host = new();
        foreach (string link in Links) host.AddLink(link);
        SortedDictionary<string, Resource> cluster = new(All.ToDictionary(resource => resource.Key), StringComparer.Ordinal);
        host.Start(cluster.Values);
        for (int step = 0; step < 60; step++) Happen(host, cluster, random);
        foreach (string link in Links) host.SetUp(link, true);
        host.Wait(60);
        Assert.True(host.IsHealthy, string.Join('\n', host.Log.All.TakeLast(5)));
        string lived = host.Nftables.Dump(KernelNames.Table) + host.Routes.Dump();

        using LoopHost fresh = new();
        foreach (string link in Links) fresh.AddLink(link);
        fresh.Start(cluster.Values);
        Assert.Equal(fresh.Nftables.Dump(KernelNames.Table) + fresh.Routes.Dump(), lived);

        (int, int) writes = host.Writes;
        host.Restart();
        host.Start(cluster.Values).Wait(200);
        Assert.Equal(writes, host.Writes);
    }

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 20)];

    private static void Happen(LoopHost host, SortedDictionary<string, Resource> cluster, Random random)
    {
        switch (random.Next(12))
        {
            case 0: host.SetUp(Links[random.Next(3)], random.Next(2) == 0); break;
            case 1: host.Nftables.FailNextCommit(random.Next(3) switch { 0 => FakeFault.Refused(Errno.EBUSY), 1 => FakeFault.LostAfterCommit, _ => FakeFault.LostBeforeCommit }); break;
            case 2: host.Routes.FailNextApply(); break;
            case 3: host.Conntrack.FailNext(); break;
            case 4: host.Routes.LoseEvents(); break;
            case 5: Meddle(host, random); break;
            case 6: host.Say(host.Snapshot(cluster.Values)); break;
            case 7: host.Wait(random.Next(1, 20)); return;
            default: Change(host, cluster, random); break;
        }
        if (random.Next(3) > 0) host.Step();
    }

    private static void Meddle(LoopHost host, Random random)
    {
        KernelObject[] ours = [.. host.Routes.Routes(default).Where(route => route.Protocol == RouteProtocol.Calico), .. host.Routes.Neighbours()];
        if (ours.Length > 0) host.Routes.Meddle(KernelChange.Delete(ours[random.Next(ours.Length)]));
    }

    private static void Change(LoopHost host, SortedDictionary<string, Resource> cluster, Random random)
    {
        Resource[] choice =
        [
            W0, W1, Endpoint("w0", "caliw2", "10.65.0.10/32"), Endpoint("w1", "caliw1", "10.65.0.10/32", "10.65.0.11/32"), Endpoint("w2", "caliw2", "10.65.0.12/32", "fd00:65::12/128"),
            Endpoint("w2", "caliw0", "10.65.0.11/32"), Policy, OtherPolicy, Policy.In(Rule.Deny), Calico.FelixConfiguration("default").Spec("ipv4NormalRoutePriority", random.Next(1, 3)),
        ];
        Resource changed = choice[random.Next(choice.Length)];
        bool delete = random.Next(3) == 0 && cluster.ContainsKey(changed.Key);
        if (delete) cluster.Remove(changed.Key);
        else cluster[changed.Key] = changed;
        host.Say(host.Events((changed.Key, delete ? null : changed.Json)));
    }
}
