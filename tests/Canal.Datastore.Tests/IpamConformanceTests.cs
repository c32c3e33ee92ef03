using System.Text.Json;
using System.Text.RegularExpressions;
using Canal.Core;
using Canal.Core.Addressing;
using Canal.Core.Ipam;
using Canal.Core.Resources;
using Canal.Testing;

namespace Canal.Datastore.Tests;

/// <summary>Calico's own cases, against a real etcd. Two things differ from what the cases say, on purpose: messages are sentences of our own, so only
/// their kind is compared; and Calico needs a Node resource to assign anything, which is not asked for here.</summary>
public sealed partial class IpamConformanceTests : IAsyncLifetime
{
    private EtcdProcess etcd = null!;
    private EtcdChannel channel = null!;
    private EtcdStore store = null!;
    private IpamStore ipam = null!;

    public async ValueTask InitializeAsync()
    {
        etcd = await EtcdProcess.StartAsync();
        channel = Etcd.Channel(etcd.Endpoint);
        store = new EtcdStore(channel);
        ipam = new IpamStore(store, TimeProvider.System, new Random(1));
    }

    public async ValueTask DisposeAsync()
    {
        ipam.Dispose();
        await channel.DisposeAsync();
        await etcd.DisposeAsync();
    }

    [Fact]
    public async Task Every_case_of_calico_holds()
    {
        using JsonDocument cases = JsonDocument.Parse(await File.ReadAllBytesAsync(Conformance.Require("calico/ipam_cases.json"), Etcd.Stop));
        List<string> failures = [];
        int run = 0;
        foreach (JsonElement one in cases.RootElement.EnumerateArray())
        {
            run++;
            string table = Text(one, "table").Split(':', ' ')[0];
            string? failure = table switch
            {
                "AutoAssign" => await AutoAssignAsync(one),
                "AssignIP" => await AssignAsync(one),
                "ReleaseIPs" => await ReleaseAsync(one),
                "ClaimAffinity" => await ClaimAsync(Text(one.GetProperty("args"), "go")),
                "namespace" => await NamespaceAsync(one),
                _ => "is of an unknown table",
            };
            if (failure is not null) failures.Add($"{run - 1} {Text(one, "description")}: {failure}");
        }
        Assert.Empty(failures);
        Assert.Equal(43, run);
    }

    private async Task<string?> AutoAssignAsync(JsonElement one)
    {
        await StartAsync(one);
        foreach (JsonElement pool in one.GetProperty("pools").EnumerateArray())
            await PoolAsync(Text(pool, "CIDR"), pool.GetProperty("BlockSize").GetInt32(), pool.TryGetProperty("AllowedUses", out JsonElement uses) ? uses.GetRawText() : null);
        await store.PutAsync(IpamKey.Config.ToEtcdKey(), $"{{\"auto_allocate_blocks\":true,\"strict_affinity\":{one.GetProperty("strictAffinity").GetRawText()}}}");
        string[] use = Text(one, "usePool").Split('+');
        Assignment assignment = await ipam.AssignAsync(new AddressRequest
        {
            Owner = BlockOwner.Host(Text(one, "host")),
            Ipv4 = one.GetProperty("inv4").GetInt32(),
            Ipv6 = one.GetProperty("inv6").GetInt32(),
            Pools = use[0] == "any" ? default : [Cidr.Parse(use[0])],
            Use = use.Length > 1 && use[1] == "tunnel" ? PoolUses.Tunnel : PoolUses.Workload,
            MaxBlocks = one.GetProperty("blockLimit").GetInt32(),
            Now = ipam.Now,
        }, [], Etcd.Stop);
        return Difference(one, "expv4ia", assignment.Ipv4, assignment.Ipv4Shortage) ?? Difference(one, "expv6ia", assignment.Ipv6, assignment.Ipv6Shortage);
    }

    private static string? Difference(JsonElement one, string field, EquatableArray<AssignedAddress> addresses, Shortage? shortage)
    {
        JsonElement expected = one.GetProperty(field);
        if (expected.ValueKind == JsonValueKind.Null)
        {
            bool refused = shortage is { Kind: ShortageKind.NoPool } && Text(one.GetProperty("expError"), "go") == "ErrNoQualifiedPool";
            return addresses.IsEmpty && (shortage is null || refused) ? null : $"{field}: {addresses.Count} addresses, {shortage}";
        }
        ShortageKind? kind = !expected.TryGetProperty("Msgs", out JsonElement messages) ? null : messages[0].GetString() switch
        {
            { } text when text.StartsWith("Need to allocate an IPAM block", StringComparison.Ordinal) => ShortageKind.BlockLimit,
            { } text when text.StartsWith("No IPs available in pools", StringComparison.Ordinal) => ShortageKind.PoolsFull,
            { } text when text.StartsWith("No more free affine blocks", StringComparison.Ordinal) => ShortageKind.StrictAffinity,
            _ => ShortageKind.Configuration,
        };
        return addresses.Count == expected.GetProperty("numIPs").GetInt32() && shortage?.Kind == kind ? null : $"{field}: {addresses.Count} addresses, {shortage}";
    }

    private async Task<string?> AssignAsync(JsonElement one)
    {
        await StartAsync(one);
        await PoolsAsync(one);
        SpecificOutcome outcome = await ipam.AssignAsync(Specific(Text(one, "host"), Text(one, "inIP")), Etcd.Stop);
        SpecificResult expected = one.GetProperty("expError").ValueKind == JsonValueKind.Null ? SpecificResult.Assigned
            : Text(one.GetProperty("expError"), "go").Contains("already assigned", StringComparison.Ordinal) ? SpecificResult.Taken : SpecificResult.NotInPool;
        return outcome.Result == expected ? null : outcome.ToString();
    }

    private async Task<string?> ReleaseAsync(JsonElement one)
    {
        await StartAsync(one);
        await PoolsAsync(one);
        List<ReleaseTarget> targets = [];
        if (one.GetProperty("assignIP").ValueKind == JsonValueKind.String)
        {
            await ipam.AssignAsync(Specific("host-a", Text(one, "assignIP")), Etcd.Stop);
            targets.Add(new ReleaseTarget(IpAddress.Parse(Text(one, "assignIP"))));
        }
        int count = one.GetProperty("autoAssignNumIPv4").GetInt32();
        Assignment assignment = await ipam.AssignAsync(new AddressRequest { Owner = BlockOwner.Host("host-a"), Ipv4 = count, Now = ipam.Now }, [], Etcd.Stop);
        targets.AddRange(assignment.Ipv4.Select(address => new ReleaseTarget(address.Address)));
        if (one.GetProperty("inIP").ValueKind == JsonValueKind.String) targets.Add(new ReleaseTarget(IpAddress.Parse(Text(one, "inIP"))));
        Release release = await ipam.ReleaseAsync(targets, Etcd.Stop);
        string[] expected = [.. one.GetProperty("expUnallocatedIPs").EnumerateArray().Select(address => address.GetString()!)];
        bool equal = release.Unallocated.Select(address => address.ToString()).SequenceEqual(expected) && release.Released.Count == targets.Count - expected.Length;
        return equal && assignment.Ipv4.Count == count ? null : $"{release}";
    }

    // CIDR, host, clean, pools, address another host has, claimed, failed, error.
    private async Task<string?> ClaimAsync(string go)
    {
        Match match = ClaimArguments().Match(go);
        Assert.True(match.Success, go);
        if (match.Groups["clean"].Value == "true") await store.CommitAsync(new EtcdTransaction().Delete(KeyRange.Prefix("/")), Etcd.Stop);
        foreach (Match pool in Quoted().Matches(match.Groups["pools"].Value)) await PoolAsync(pool.Groups[1].Value, null, null);
        if (match.Groups["taken"].Success) await ipam.AssignAsync(Specific("another", match.Groups["taken"].Value), Etcd.Stop);
        try
        {
            (IReadOnlyList<Cidr> claimed, IReadOnlyList<Cidr> failed) = await ipam.ClaimAsync(BlockOwner.Host(match.Groups["host"].Value), Cidr.Parse(match.Groups["cidr"].Value), Etcd.Stop);
            string found = $"{claimed.Count} , {failed.Count} , nil";
            return found == match.Groups["result"].Value ? null : found;
        }
        catch (IpamException error)
        {
            return match.Groups["result"].Value.Contains("smaller than the minimum", StringComparison.Ordinal) && error.Message.Contains("smaller", StringComparison.Ordinal) ? null : error.Message;
        }
    }

    private async Task<string?> NamespaceAsync(JsonElement one)
    {
        await store.CommitAsync(new EtcdTransaction().Delete(KeyRange.Prefix("/")), Etcd.Stop);
        string name = Text(one, "namespaceName");
        await store.PutAsync($"{ResourceKey.Root}ippools/pool", $$"""
            {"kind":"IPPool","metadata":{"name":"pool"},"spec":{"cidr":"{{Text(one, "poolCIDR")}}","nodeSelector":"{{Text(one, "poolNodeSelector")}}","namespaceSelector":"{{Text(one, "poolNamespaceSelector")}}" } }
            """);
        await store.PutAsync($"{ResourceKey.Root}nodes/h", $$"""{"kind":"Node","metadata":{"name":"h","labels":{{one.GetProperty("nodeLabels").GetRawText()}} },"spec":{} }""");
        string labels = string.Join(",", one.GetProperty("namespaceLabels").EnumerateObject().Select(label => $"\"pcns.{label.Name}\":\"{label.Value.GetString()}\""));
        await store.PutAsync($"{ResourceKey.Root}profiles/kns.{name}", $$"""{"kind":"Profile","metadata":{"name":"kns.{{name}}" },"spec":{"labelsToApply":{ {{labels}} } } }""");
        Assignment assignment = await ipam.AssignAsync(new AddressRequest { Owner = BlockOwner.Host("h"), Ipv4 = 1, Namespace = name, Now = ipam.Now }, [], Etcd.Stop);
        return (assignment.Ipv4.Count == 1) == one.GetProperty("expectedMatch").GetBoolean() ? null : $"{assignment.Ipv4Shortage}";
    }

    private SpecificRequest Specific(string host, string address) => new() { Owner = BlockOwner.Host(host), Address = IpAddress.Parse(address), Now = ipam.Now };

    private async Task StartAsync(JsonElement one)
    {
        if (one.GetProperty("cleanEnv").GetBoolean()) await store.CommitAsync(new EtcdTransaction().Delete(KeyRange.Prefix("/")), Etcd.Stop);
    }

    private async Task PoolsAsync(JsonElement one)
    {
        foreach (JsonElement pool in one.GetProperty("pool").EnumerateArray()) await PoolAsync(pool.GetString()!, null, null);
    }

    private Task PoolAsync(string cidr, int? size, string? uses) => store.PutAsync($"{ResourceKey.Root}ippools/{cidr.Replace("/", "-", StringComparison.Ordinal).Replace(":", ".", StringComparison.Ordinal)}",
        $$"""{"kind":"IPPool","metadata":{"name":"p"},"spec":{"cidr":"{{cidr}}" {{(size is null ? "" : $",\"blockSize\":{size}")}} {{(uses is null ? "" : $",\"allowedUses\":{uses}")}} } }""");

    private static string Text(JsonElement element, string field) => element.GetProperty(field).GetString()!;

    [GeneratedRegex("""^testArgsClaimAff \{ "(?<cidr>[^"]+)" , "(?<host>[^"]+)" , (?<clean>true|false) , \[ \] string \{(?<pools>[^}]*)\} , net \. (IP \{ \}|ParseIP \( "(?<taken>[^"]+)" \)) , (?<result>.*) \}$""")]
    private static partial Regex ClaimArguments();

    [GeneratedRegex("\"([^\"]+)\"")]
    private static partial Regex Quoted();
}
