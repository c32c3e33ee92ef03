using Canal.Core.Calculation;
using Canal.Core.Overlay;
using Canal.Core.Resources;
using Canal.Felix.Configuration;
using Canal.Felix.Dataplane.Nftables;
using Canal.Felix.Hosts;
using Canal.Linux.Nftables;
using Canal.Linux.Routing;
using Canal.Testing;

namespace Canal.Felix.Tests.Dataplane;

/// <summary>A calculator and a dataplane over nf_tables in memory; the dataplane can be made anew, as after a restart.</summary>
internal sealed class FakeHost
{
    private readonly FelixParameters parameters;

    public FakeHost(FelixParameters? parameters = null, FakeNftables? kernel = null)
    {
        this.parameters = parameters ?? new FelixParameters();
        Kernel = kernel ?? new FakeNftables();
        Dataplane = new NftablesDataplane(Kernel, Calculator, TimeProvider.System);
        foreach ((int index, string name) in new[] { (1, "lo"), (2, "eth0"), (3, "eth1") })
            Interfaces.SetLink(index, new Link { Index = index, Name = name, Flags = LinkFlags.Up | LinkFlags.Running });
    }

    public FakeNftables Kernel { get; }

    public PolicyCalculator Calculator { get; } = new(ResourceBuilder.ThisNode);

    public ClusterNetwork Network { get; } = new(ResourceBuilder.ThisNode);

    public NftablesDataplane Dataplane { get; }

    /// <summary>lo, eth0 and eth1, without addresses.</summary>
    public HostInterfaces Interfaces { get; } = new();

    /// <summary>The table as nft would print it, after its flags.</summary>
    public string Dump => $"{Kernel.ReadOutline(KernelNames.Table)?.Flags} {Kernel.Dump(KernelNames.Table)}";

    /// <summary>Takes resources in and plans; nothing is sent.</summary>
    public FakeHost Plan(params IEnumerable<Resource> resources)
    {
        foreach (Resource resource in resources)
        {
            Calculator.Apply(resource.Key, resource);
            Network.Apply(resource.Key, resource);
        }
        return Plan();
    }

    /// <summary>Forgets resources and plans.</summary>
    public FakeHost Forget(params IEnumerable<Resource> resources)
    {
        foreach (Resource resource in resources)
        {
            Calculator.Apply(resource.Key, null);
            Network.Apply(resource.Key, null);
        }
        return Plan();
    }

    /// <summary>Plans what changed, links included.</summary>
    public FakeHost Plan()
    {
        DesiredChanges changes = Calculator.TakeChanges();
        Interfaces.SetEndpoints(changes.HostEndpoints);
        if (Interfaces.Resolve(parameters)) Dataplane.Govern(Interfaces.Resolution);
        Dataplane.Plan(changes, parameters, Network.TakeChanges().Sets);
        return this;
    }

    /// <summary>Plans and applies; returns whether anything was written.</summary>
    public bool Put(params IEnumerable<Resource> resources) => Plan(resources).Dataplane.Apply();

    /// <summary>What another agent would make of the same cluster in an empty kernel.</summary>
    public static string DumpOf(IEnumerable<Resource> cluster, FelixParameters? parameters = null)
    {
        FakeHost fresh = new(parameters);
        Assert.True(fresh.Put(cluster));
        return fresh.Dump;
    }

    /// <summary>Another program changes the table.</summary>
    public void Meddle(Action<NftTransaction> change)
    {
        NftTransaction transaction = new(KernelNames.Table);
        change(transaction);
        Kernel.CommitByOther(transaction);
    }
}
