using Canal.Core.Calculation;
using Canal.Core.Resources;
using Canal.Felix.Configuration;
using Canal.Felix.Dataplane.Nftables;
using Canal.Linux.Nftables;
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
        Dataplane = new NftablesDataplane(Kernel, Calculator);
    }

    public FakeNftables Kernel { get; }

    public PolicyCalculator Calculator { get; } = new(ResourceBuilder.ThisNode);

    public NftablesDataplane Dataplane { get; }

    /// <summary>The table as nft would print it, after its flags.</summary>
    public string Dump => $"{Kernel.ReadOutline(KernelNames.Table)?.Flags} {Kernel.Dump(KernelNames.Table)}";

    /// <summary>Takes resources in and plans; nothing is sent.</summary>
    public FakeHost Plan(params IEnumerable<Resource> resources)
    {
        foreach (Resource resource in resources) Calculator.Apply(resource.Key, resource);
        Dataplane.Plan(Calculator.TakeChanges(), parameters);
        return this;
    }

    /// <summary>Forgets resources and plans.</summary>
    public FakeHost Forget(params IEnumerable<Resource> resources)
    {
        foreach (Resource resource in resources) Calculator.Apply(resource.Key, null);
        Dataplane.Plan(Calculator.TakeChanges(), parameters);
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
