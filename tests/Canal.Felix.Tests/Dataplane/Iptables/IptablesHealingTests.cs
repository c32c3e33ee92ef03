using Canal.Core.Addressing;
using Canal.Core.Calculation;
using Canal.Core.Resources;
using Canal.Felix.Configuration;
using Canal.Felix.Dataplane.Iptables;
using Canal.Felix.Tests.Loop;
using Canal.Linux.Iptables;
using Canal.Testing;
using static Canal.Testing.ResourceBuilder;

namespace Canal.Felix.Tests.Dataplane.Iptables;

/// <summary>Over iptables in memory: it converges, writes nothing twice, and whatever goes wrong on the way heals.</summary>
public sealed class IptablesHealingTests
{
    private readonly FakeIptables kernel = new();
    private readonly ManualTime time = new();
    private PolicyCalculator calculator = new(ThisNode);
    private IptablesDataplane dataplane;

    public IptablesHealingTests() => dataplane = New();

    [Fact]
    public void A_second_apply_and_a_new_agent_write_nothing()
    {
        Plan(SampleCluster.All);
        Assert.True(dataplane.Apply());
        int scripts = kernel.Scripts;
        Assert.False(dataplane.Apply());
        Restart(SampleCluster.All);
        Assert.False(dataplane.Apply());
        Assert.Equal(scripts, kernel.Scripts);
    }

    [Fact]
    public void A_changed_policy_touches_its_own_chains_alone()
    {
        Plan(SampleCluster.All);
        dataplane.Apply();
        Plan(SampleCluster.WebOnOtherPort);
        Assert.True(dataplane.Apply());
        Assert.InRange(dataplane.LastMessages, 4, 16);
        Assert.Equal(DumpOf([.. SampleCluster.All.Where(r => r.Key != SampleCluster.Web.Key), SampleCluster.WebOnOtherPort]), Dump);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Whatever_script_fails_before_or_after_its_work_the_next_apply_heals(bool after)
    {
        string wanted = DumpOf(SampleCluster.All);
        for (int at = 0; at < 3; at++)
        {
            FakeIptables broken = new();
            bool failed = false;
            broken.Fault = number => number != at || failed ? false : after ? failed = true : throw Failure(ref failed);
            PolicyCalculator own = new(ThisNode);
            foreach (Resource resource in SampleCluster.All) own.Apply(resource.Key, resource);
            IptablesDataplane healing = new(broken, own, [IpFamily.V4, IpFamily.V6], time);
            healing.Plan(own.TakeChanges(), new FelixParameters());
            Assert.Throws<IptablesException>(() => healing.Apply());
            Assert.True(failed);
            healing.Apply();
            Assert.Equal(wanted, DumpOf(broken));
            Assert.False(healing.Apply());
        }
    }

    [Fact]
    public void What_others_take_away_comes_back_when_it_is_looked_for()
    {
        Plan(SampleCluster.All);
        dataplane.Apply();
        string whole = Dump;
        kernel.Restore(IpFamily.V4, "*filter\n-F FORWARD\n-F canal-FORWARD\nCOMMIT\n");
        Assert.False(dataplane.Apply());
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.True(dataplane.CheckDue <= time.GetUtcNow());
        Assert.False(dataplane.Apply());
        Assert.True(dataplane.Check());
        Assert.Equal(whole, Dump);
    }

    [Fact]
    public void A_glance_each_second_finds_what_others_change_and_costs_no_reading()
    {
        Plan(SampleCluster.All);
        dataplane.Apply();
        time.Advance(TimeSpan.FromSeconds(6));
        Assert.False(dataplane.Check());
        string whole = Dump;
        int readings = kernel.Readings;
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(dataplane.CheckDue <= time.GetUtcNow());
        Assert.False(dataplane.Check());
        Assert.Equal(time.GetUtcNow().AddSeconds(1), dataplane.CheckDue);
        Assert.Equal(readings, kernel.Readings);
        kernel.Restore(IpFamily.V4, "*filter\n-F canal-FORWARD\nCOMMIT\n");
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(dataplane.Check());
        Assert.Equal(whole, Dump);
    }

    /// <summary>One takes a rule away and then empties a set, while the agent looks at the first.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_others_take_away_while_it_is_looked_for_comes_back_within_a_second(bool ruleToo)
    {
        Plan(SampleCluster.All);
        dataplane.Apply();
        string whole = Dump, set = SetOfNetworks(whole);
        if (ruleToo) kernel.Restore(IpFamily.V4, "*filter\n-F FORWARD\nCOMMIT\n");
        kernel.WhenRead = () =>
        {
            kernel.WhenRead = null;
            foreach (string member in whole.Split('\n').Where(line => line.StartsWith($"add {set} ", StringComparison.Ordinal))) kernel.RestoreSets($"del {member[4..]}\n");
        };
        dataplane.Doubt();
        Assert.Equal(ruleToo, dataplane.Apply());
        Assert.NotEqual(whole, Dump);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(dataplane.CheckDue <= time.GetUtcNow());
        Assert.True(dataplane.Check());
        Assert.Equal(whole, Dump);
    }

    [Fact]
    public void Writes_put_the_next_reading_off_no_further()
    {
        Plan(SampleCluster.All);
        dataplane.Apply();
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(dataplane.Check());
        int readings = kernel.Readings;
        for (int second = 0; second < 12; second++)
        {
            Plan(second % 2 == 0 ? SampleCluster.WebOnOtherPort : SampleCluster.Web);
            Assert.True(dataplane.Apply());
            time.Advance(TimeSpan.FromSeconds(1));
            dataplane.Check();
        }
        Assert.InRange(kernel.Readings - readings, 2, 3);
    }

    [Fact]
    public void What_others_change_of_their_own_is_read_once()
    {
        Plan(SampleCluster.All);
        dataplane.Apply();
        kernel.Restore(IpFamily.V4, "*filter\n:OTHERS - [0:0]\n-A OTHERS -j DROP\nCOMMIT\n");
        time.Advance(TimeSpan.FromSeconds(1));
        int readings = kernel.Readings;
        Assert.False(dataplane.Check());
        Assert.True(kernel.Readings > readings);
        readings = kernel.Readings;
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(dataplane.Check());
        Assert.Equal(readings, kernel.Readings);
    }

    [Fact]
    public void A_rule_that_is_not_ours_in_a_chain_of_ours_goes_and_others_chains_stay()
    {
        Plan(SampleCluster.All);
        dataplane.Apply();
        string whole = Dump;
        kernel.Restore(IpFamily.V4, "*filter\n:OTHERS - [0:0]\n-A OTHERS -j DROP\n-A canal-forward-to -j ACCEPT\nCOMMIT\n");
        dataplane.Doubt();
        Assert.True(dataplane.Apply());
        Assert.Equal(whole, Dump.Replace(":OTHERS - [0:0]\n", "", StringComparison.Ordinal).Replace("-A OTHERS -j DROP\n", "", StringComparison.Ordinal));
    }

    [Fact]
    public void A_set_that_is_in_use_by_others_stays_and_the_rest_goes()
    {
        Plan(SampleCluster.All);
        dataplane.Apply();
        string set = kernel.SaveSets().Split('\n').First(l => l.StartsWith("create canal-p4-", StringComparison.Ordinal)).Split(' ')[1];
        kernel.Restore(IpFamily.V4, $"*filter\n:OTHERS - [0:0]\n-A OTHERS -m set --match-set {set} src -j DROP\nCOMMIT\n");
        Forget(SampleCluster.All);
        Assert.True(dataplane.Apply());
        Assert.Equal([set], kernel.SaveSets().Split('\n').Where(l => l.StartsWith("create ", StringComparison.Ordinal)).Select(l => l.Split(' ')[1]));
        kernel.Restore(IpFamily.V4, "*filter\n-F OTHERS\nCOMMIT\n");
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(dataplane.CheckDue <= time.GetUtcNow());
        Assert.False(dataplane.Check());
        Assert.Empty(kernel.SaveSets());
    }

    [Fact]
    public void A_set_of_our_name_and_another_type_is_replaced()
    {
        string whole = DumpOf(SampleCluster.All);
        kernel.RestoreSets($"create {SetOfNetworks(whole)} list:set\n");
        Plan(SampleCluster.All);
        Assert.True(dataplane.Apply());
        Assert.Equal(whole, Dump);
    }

    [Fact]
    public void What_looks_up_a_set_of_our_name_that_others_made_and_use_is_denied()
    {
        string set = SetOfNetworks(DumpOf(SampleCluster.All));
        kernel.RestoreSets($"create {set} list:set\n");
        kernel.Restore(IpFamily.V4, $"*filter\n:OTHERS - [0:0]\n-A OTHERS -m set --match-set {set} src -j DROP\nCOMMIT\n");
        Plan(SampleCluster.All);
        Assert.True(dataplane.Apply());
        Assert.Contains("in use", Assert.Single(dataplane.Closed).Value, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_of_ours_is_left_when_it_is_removed()
    {
        Plan(SampleCluster.All);
        dataplane.Apply();
        new IptablesFilter(kernel, IptablesFlavour.Nft, [IpFamily.V4, IpFamily.V6], time).Remove();
        Assert.DoesNotContain("canal", Dump, StringComparison.Ordinal);
    }

    private static string SetOfNetworks(string dump) => dump.Split('\n').First(l => l.StartsWith("create canal-p4-", StringComparison.Ordinal)).Split(' ')[1];

    private static IptablesException Failure(ref bool failed)
    {
        failed = true;
        return new IptablesException("no memory");
    }

    private IptablesDataplane New() => new(kernel, calculator, [IpFamily.V4, IpFamily.V6], time);

    private void Plan(params IEnumerable<Resource> resources)
    {
        foreach (Resource resource in resources) calculator.Apply(resource.Key, resource);
        dataplane.Plan(calculator.TakeChanges(), new FelixParameters());
    }

    private void Forget(IEnumerable<Resource> resources)
    {
        foreach (Resource resource in resources) calculator.Apply(resource.Key, null);
        dataplane.Plan(calculator.TakeChanges(), new FelixParameters());
    }

    private void Restart(IEnumerable<Resource> resources)
    {
        calculator = new PolicyCalculator(ThisNode);
        dataplane = New();
        Plan(resources);
    }

    private string Dump => DumpOf(kernel);

    /// <summary>Tables, chains and sets in the order of their names; rules in theirs.</summary>
    private static string DumpOf(FakeIptables kernel) => string.Join('\n', new[] { IpFamily.V4, IpFamily.V6 }.SelectMany(f => Sorted(kernel.Save(f)))) + "\n" + kernel.SaveSets();

    private static IEnumerable<string> Sorted(string saved)
    {
        string table = "";
        return saved.Split('\n').Select(line => (Table: table = line.StartsWith('*') ? line : table, line)).Where(l => l.line.Length > 0).OrderBy(l => l.Table, StringComparer.Ordinal)
            .ThenBy(l => l.line.StartsWith("-A ", StringComparison.Ordinal) ? $"~{l.line.Split(' ')[1]}" : l.line, StringComparer.Ordinal).Select(l => l.line);
    }

    private string DumpOf(IEnumerable<Resource> cluster)
    {
        FakeIptables fresh = new();
        PolicyCalculator own = new(ThisNode);
        foreach (Resource resource in cluster) own.Apply(resource.Key, resource);
        IptablesDataplane made = new(fresh, own, [IpFamily.V4, IpFamily.V6], time);
        made.Plan(own.TakeChanges(), new FelixParameters());
        Assert.True(made.Apply());
        return DumpOf(fresh);
    }
}
