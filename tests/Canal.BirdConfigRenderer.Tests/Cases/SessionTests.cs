using System.Text.Json.Nodes;
using Canal.Core.Addressing;
using Canal.Core.Bgp;

namespace Canal.BirdConfigRenderer.Tests.Cases;

/// <summary>What is planned for all cases of the conformance data: which sessions there are, their settings, and the rest of what can be compared field by field.</summary>
public sealed class SessionTests
{
    public static TheoryData<string> Cases => [.. BirdCase.Names];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Sessions_are_as_expected(string name)
    {
        BirdCase @case = new(name);
        BirdConfiguration configuration = @case.Plan().Configuration;
        foreach (IpFamily family in (IpFamily[])[IpFamily.V4, IpFamily.V6])
        {
            JsonNode expected = Family(@case, family);
            Assert.Equal(
                Lines(expected["sessions"]!.AsArray().Select(s => Describe(WithFullNames(s!, expected["filter_rules"]!)))),
                Lines(configuration.Sessions.Where(s => s.Family == family).Select(Describe)));
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Everything_else_is_as_expected(string name)
    {
        BirdCase @case = new(name);
        BirdConfiguration configuration = @case.Plan().Configuration;
        Assert.Equal(@case.Expected["router_id"]!.GetValue<string>(), configuration.RouterId.ToString());
        foreach (IpFamily family in (IpFamily[])[IpFamily.V4, IpFamily.V6])
        {
            JsonNode expected = Family(@case, family);
            RoutePolicy policy = configuration.Policy(family);
            Assert.Equal(expected["normal_route_priority"]!.GetValue<int>(), policy.NormalPriority);
            Assert.Equal(Cidrs(expected["static"]!["blackhole"]!), policy.Blackholes.Order());
            Assert.Equal(
                expected["static"]!["via"]!.AsArray().Select(v => new HostRoute(Cidr.Parse(v!["prefix"]!.GetValue<string>()), IpAddress.Parse(v["gateway"]!.GetValue<string>()))).OrderBy(r => r.Destination),
                policy.HostRoutes);
            Assert.Equal(Cidrs(expected["kernel_policy"]!["reject_within"]!), policy.KernelRejects);
            Assert.Equal(Cidrs(expected["export_policy"]!["local_blocks"]!), policy.LocalBlocks);
            Assert.Equal(Cidrs(expected["export_policy"]!["accept_within"]!), policy.AdvertisedPrefixes);
            Assert.Equal(Cidrs(expected["export_policy"]!["rr_accept_lb_ranges"]!), policy.ReflectedPrefixes);
            Assert.Equal(Cidrs(expected["export_policy"]!["pools_accepted"]!), policy.ExportedPools);
            Assert.Equal(Cidrs(expected["export_policy"]!["pools_rejected"]!), policy.UnexportedPools);
            Assert.Equal(expected["listen"]!["port"]?.GetValue<int>(), configuration.ListenPort);
            if (family == IpFamily.V4) Assert.Equal(expected["listen"]!["address"]?.GetValue<string>(), configuration.ListenAddresses.IsEmpty ? null : configuration.ListenAddresses[0].ToString());
            Assert.Equal(expected["direct_interfaces"]!["exclude"]!.AsArray().Select(e => e!.GetValue<string>()), configuration.ExcludedInterfaces);
            Assert.Equal(expected["log"]!.GetValue<string>() == "everything" ? BgpLogDetail.Everything : BgpLogDetail.StateChanges, configuration.LogDetail);
            Assert.Equal(
                Lines(expected["communities"]!.AsArray().Select(c => $"{c!["cidr"]} {Lines(c["communities"]!.AsArray().Select(v => v!.GetValue<string>()))}")),
                Lines(policy.Communities.Select(c => $"{c.Prefix} {Lines(c.Communities.Select(v => v.ToString()))}")));
        }
    }

    private static JsonNode Family(BirdCase @case, IpFamily family) => @case.Expected["families"]![family == IpFamily.V4 ? "ipv4" : "ipv6"]!;

    private static IEnumerable<Cidr> Cidrs(JsonNode list) => list.AsArray().Select(c => Cidr.Parse(c!.GetValue<string>())).Distinct().Order();

    private static string Lines(IEnumerable<string> lines) => string.Join('\n', lines.Order(StringComparer.Ordinal));

    /// <summary>The data has filters by the names that BIRD's functions have, which are cut when they are long; the file must have those, the model has the resources'.</summary>
    private static JsonNode WithFullNames(JsonNode session, JsonNode rules)
    {
        foreach (string direction in (string[])["import_filters", "export_filters"])
            session[direction] = new JsonArray([.. session[direction]!.AsArray().Select(f => JsonValue.Create(rules[f!.GetValue<string>()]!["full_name"]!.GetValue<string>()))]);
        return session;
    }

    private static string Describe(JsonNode session)
    {
        string[] fields = ["name", "neighbor", "port", "remote_as", "local_as", "source_address", "ttl_security", "multihop", "passive", "graceful_restart_time", "keepalive_time",
            "rr_cluster_id", "password", "next_hop", "allow_local_as", "import_filters", "export_filters"];
        return string.Join(' ', fields.Select(f => $"{f}={session[f]?.ToJsonString() ?? "null"}")) + $" rr_client={session["rr_client"]!.ToJsonString()}";
    }

    private static string Describe(BgpSession s)
    {
        JsonObject session = new()
        {
            ["name"] = s.Name,
            ["neighbor"] = s.Neighbor.ToString(),
            ["port"] = s.Port,
            ["remote_as"] = s.RemoteAs,
            ["local_as"] = s.LocalAs,
            ["source_address"] = s.SourceAddress?.ToString(),
            ["ttl_security"] = s.TtlSecurity,
            ["multihop"] = s.Multihop switch { null => "default", 0 => "any", int hops => hops },
            ["passive"] = s.Passive,
            ["graceful_restart_time"] = s.GracefulRestartTime,
            ["keepalive_time"] = s.KeepaliveTime,
            ["rr_cluster_id"] = s.ReflectorClusterId?.ToString(),
            ["password"] = s.Password?.Text,
            ["next_hop"] = s.NextHop.ToString().ToLowerInvariant(),
            ["allow_local_as"] = s.AllowLocalAs,
            ["import_filters"] = new JsonArray([.. s.ImportFilters.Select(f => JsonValue.Create(f))]),
            ["export_filters"] = new JsonArray([.. s.ExportFilters.Select(f => JsonValue.Create(f))]),
            ["rr_client"] = s.ReflectorClusterId is not null,
        };
        return Describe(session);
    }
}
