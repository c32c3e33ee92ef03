using System.Collections.Immutable;
using Canal.Core.Calculation;
using Canal.Felix.Configuration;
using Canal.Felix.Dataplane;
using Canal.Felix.Tests.Loop;
using Canal.Hosting;
using HostingConfiguration = Canal.Hosting.Configuration;

namespace Canal.Felix.Tests.Dataplane;

/// <summary>What etcd says of settings that count from the start: written down, and the agent ends where it means another packet filter.</summary>
public sealed class StartChoiceTests : IDisposable
{
    private static readonly HostingConfiguration Own = ConfigurationLoader.Load(FelixSettings.Schema, new ConfigurationSources
    {
        VendorDirectory = "/nonexistent",
        RuntimeDirectory = "/nonexistent",
        ConfigurationDirectory = "/nonexistent",
        HostName = "h1",
    }).Configuration!;

    private readonly string folder = Directory.CreateTempSubdirectory("canal-start-").FullName;
    private readonly LogLines log = new();
    private bool hasPrograms = true;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private string Kept => Path.Combine(folder, "start");

    [Fact]
    public void Another_packet_filter_is_written_down_and_ends_the_agent_and_the_next_start_has_it()
    {
        StartChoice choice = Running();
        Assert.Null(choice.Consider(Saying()));
        Assert.Contains("programmed with iptables (auto) instead of nftables", choice.Consider(Saying(("dataplane", "iptables"))), StringComparison.Ordinal);
        StartChoice next = Running();
        Assert.Null(next.Consider(Saying(("dataplane", "iptables"))));
        Assert.Contains("programmed with iptables (nft) instead of iptables (auto)", next.Consider(Saying(("dataplane", "iptables"), ("iptables_backend", "nft"))), StringComparison.Ordinal);
        StartChoice last = Running();
        Assert.Null(last.Consider(Saying(("dataplane", "iptables"), ("iptables_backend", "nft"))));
        Assert.Contains("programmed with nftables instead of iptables (nft)", last.Consider(Saying()), StringComparison.Ordinal);
        Assert.Equal("nftables", Filter(StartChoice.WithKept(Own, Kept)).Name);
    }

    [Fact]
    public void Words_that_mean_the_same_end_nothing()
    {
        StartChoice choice = Running();
        Assert.Null(choice.Consider(Saying(("dataplane", "nftables"))));
        Assert.Null(choice.Consider(Saying(("iptables_backend", "legacy"))));
    }

    [Fact]
    public void What_cannot_be_had_is_told_once_and_changes_nothing()
    {
        hasPrograms = false;
        StartChoice choice = Running();
        for (int i = 0; i < 3; i++) Assert.Null(choice.Consider(Saying(("dataplane", "iptables"))));
        Assert.Equal(1, log.Count("policy stays programmed with nftables: no programs"));
        Assert.False(File.Exists(Kept));
    }

    [Fact]
    public void Where_it_cannot_be_written_down_the_agent_goes_on()
    {
        Directory.CreateDirectory(Kept);
        StartChoice choice = Running();
        Assert.Null(choice.Consider(Saying(("dataplane", "iptables"))));
        Assert.Equal(1, log.Count("cannot be written"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("nonsense\n\0\u001b\n")]
    [InlineData("dataplane bpf\niptables_backend\n")]
    [InlineData("node_name other\n")]
    public void A_file_of_something_else_says_nothing(string text)
    {
        File.WriteAllText(Kept, text);
        Assert.Empty(StartChoice.WithKept(Own, Kept).ChangedFrom(Own));
    }

    private StartChoice Running() => new(Kept, Filter(Directory.Exists(Kept) ? Own : StartChoice.WithKept(Own, Kept)), Filter, log.Logger);

    private static HostingConfiguration Saying(params (string Key, string Value)[] values) =>
        Own.WithLayer(new ConfigurationLayer("etcd", values.ToImmutableSortedDictionary(v => v.Key, v => v.Value))).Configuration;

    private NamedFilter Filter(HostingConfiguration configuration)
    {
        if (configuration.Get(IptablesSettings.Dataplane) != DataplaneKind.Iptables) return new NamedFilter("nftables");
        return hasPrograms ? new NamedFilter($"iptables ({configuration.Get(IptablesSettings.Backend).ToString().ToLowerInvariant()})") : throw new StartException("no programs");
    }

    private sealed class NamedFilter(string name) : IPacketFilter
    {
        public DataplaneKind Kind => DataplaneKind.Auto;

        public string Name => name;

        public bool IsInForce() => false;

        public IDataplane NewDataplane(PolicyCalculator calculator) => throw new NotSupportedException();

        public string? Load(ReadOnlyMemory<byte> kept) => throw new NotSupportedException();

        public void Remove() => throw new NotSupportedException();
    }
}
