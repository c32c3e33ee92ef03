using Canal.Core.Calculation;
using Canal.Core.Policy;
using Canal.Core.Resources;
using Canal.Testing;
using static Canal.Testing.ResourceBuilder;

namespace Canal.Core.Tests.Calculation;

/// <summary>What the calculator says of host endpoints in particular cases; that it says it always is for the properties.</summary>
public sealed class HostEndpointTests
{
    private readonly PolicyCalculator calculator = new(ThisNode);

    [Fact]
    public void Each_policy_is_in_the_lists_of_its_stages()
    {
        Put(Host("hep"), GlobalPolicy("plain", ingress: [Allow()]), GlobalPolicy("forward", ingress: [Allow()], egress: []).But(s => s with { ApplyOnForward = true }),
            GlobalPolicy("raw", ingress: [Allow()]).But(s => s with { DoNotTrack = true, ApplyOnForward = true }),
            GlobalPolicy("dnat", ingress: [Allow()]).But(s => s with { PreDnat = true, ApplyOnForward = true }));
        HostEndpointPolicy hep = calculator.TakeChanges().HostEndpoints["hep"]!;
        Assert.Equal("forward plain", Names(hep.Normal.Ingress));
        Assert.Equal("forward", Names(hep.Normal.Egress));
        Assert.Equal("forward", Names(hep.Forward.Ingress));
        Assert.Equal("raw", Names(hep.Untracked.Ingress));
        Assert.Equal("dnat", Names(hep.PreDnat.Ingress));
        Assert.Equal(TierAction.Deny, hep.Forward.Ingress[0].EndAction);
        Assert.Equal(TierAction.Pass, hep.Untracked.Ingress[0].EndAction);
        Assert.Equal(TierAction.Pass, hep.PreDnat.Ingress[0].EndAction);
    }

    [Fact]
    public void An_endpoint_of_another_node_is_none_of_ours()
    {
        Put(Host("hep", node: "h2"), GlobalPolicy("p"));
        Assert.Empty(calculator.TakeChanges().HostEndpoints);
        Put(Host("hep"));
        Assert.NotNull(calculator.TakeChanges().HostEndpoints["hep"]);
        Put(Host("hep", node: "h2"));
        Assert.Null(calculator.TakeChanges().HostEndpoints["hep"]);
    }

    [Fact]
    public void Untracked_policy_of_all_interfaces_is_ignored_and_told_once()
    {
        Put(Host("hep", interfaceName: "*"), GlobalPolicy("raw", ingress: [Allow()]).But(s => s with { DoNotTrack = true, ApplyOnForward = true }));
        Assert.True(calculator.TakeChanges().HostEndpoints["hep"]!.Untracked.IsEmpty);
        CalculationProblem problem = Assert.Single(calculator.TakeProblems());
        Assert.True(problem.InPart);
        Assert.Contains("doNotTrack", problem.Reason, StringComparison.Ordinal);
        Put(GlobalPolicy("other", ingress: [Allow()]));
        calculator.TakeChanges();
        Assert.Empty(calculator.TakeProblems());
    }

    [Theory]
    [InlineData(true, false, false, false, "spec.applyOnForward")]
    [InlineData(false, true, false, false, "spec.applyOnForward")]
    [InlineData(true, true, true, false, "spec.preDNAT")]
    [InlineData(true, false, true, true, "spec.egress")]
    public void A_policy_whose_fields_contradict_is_absent_and_told(bool preDnat, bool doNotTrack, bool applyOnForward, bool egress, string field)
    {
        PolicySpec Wrong(PolicySpec spec) => spec with { PreDnat = preDnat, DoNotTrack = doNotTrack, ApplyOnForward = applyOnForward };
        Put(Host("hep"), GlobalPolicy("wrong", ingress: [Deny()], egress: egress ? [Deny()] : null).But(Wrong));
        HostEndpointPolicy hep = calculator.TakeChanges().HostEndpoints["hep"]!;
        Assert.True(hep.Normal.IsEmpty && hep.Untracked.IsEmpty && hep.PreDnat.IsEmpty && hep.Forward.IsEmpty);
        Assert.StartsWith(field, Assert.Single(calculator.TakeProblems()).Reason, StringComparison.Ordinal);
        Put(GlobalPolicy("wrong", ingress: [Deny()]));
        Assert.Equal("wrong", Names(calculator.TakeChanges().HostEndpoints["hep"]!.Normal.Ingress));
    }

    [Fact]
    public void A_profile_used_by_a_host_endpoint_only_is_in_force()
    {
        Put(Host("hep", profiles: "open,missing"), NewProfile("open", [Allow()], [Allow()]));
        DesiredChanges changes = calculator.TakeChanges();
        Assert.Equal(["open"], changes.HostEndpoints["hep"]!.Profiles);
        Assert.Single(changes.Policies);
    }

    private void Put(params Resource[] resources)
    {
        foreach (Resource resource in resources) calculator.Apply(resource.Key, resource);
    }

    private static string Names(EquatableArray<TierPolicies> tiers) => string.Join(' ', tiers.SelectMany(t => t.Policies).Select(k => k.Name));
}
