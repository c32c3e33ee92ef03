using Canal.Core.Addressing;

namespace Canal.Core.Bgp;

/// <summary>Writes what is told, learned and put in the kernel in one family. Tests of prefixes are sets, whose cost does not grow with their size.</summary>
internal static class BirdPolicyWriter
{
    public static void WriteFunctions(BirdText text, BirdDialect dialect, RoutePolicy policy, BirdSnippets snippets)
    {
        string digit = BirdText.Digit(policy.Family);
        (string import, string export, string kernel) = snippets.Of(policy.Family);
        WritePriority(text, policy, digit);
        WriteImport(text, policy, digit, import);
        WriteExport(text, dialect, policy, digit, export);
        WriteKernel(text, dialect, policy, digit, kernel);
    }

    public static void WriteProtocols(BirdText text, BirdDialect dialect, RoutePolicy policy)
    {
        string digit = BirdText.Digit(policy.Family);
        text.Open($"protocol static static{digit}");
        dialect.WriteStaticChannel(text, policy.Family);
        foreach (Cidr prefix in policy.Blackholes) text.Line($"route {prefix} blackhole;");
        foreach (HostRoute route in policy.HostRoutes) text.Line($"route {route.Destination} via {route.Gateway};");
        text.Close().Line("");
        text.Open($"protocol kernel kernel{digit}").Line("learn;").Line("persist;").Line("scan time 10;").Line("graceful restart;").Line("merge paths on;");
        dialect.WriteKernelChannel(text, policy.Family, $"kernel_filter{digit}");
        text.Close().Line("");
    }

    /// <summary>Kernel metrics and local preferences are two spellings of one priority. A route without a metric has 0 in BIRD, which would be the highest.</summary>
    private static void WritePriority(BirdText text, RoutePolicy policy, string digit)
    {
        text.Open($"function priority{digit}()");
        text.Line($"if source = RTS_BGP && defined(bgp_local_pref) then krt_metric = {BirdFilterWriter.PriorityBase} - bgp_local_pref;");
        text.Open("else");
        text.Line($"if !defined(krt_metric) || krt_metric = 0 then krt_metric = {policy.NormalPriority};");
        text.Line($"bgp_local_pref = {BirdFilterWriter.PriorityBase} - krt_metric;");
        text.Close().Close().Line("");
    }

    private static void WriteImport(BirdText text, RoutePolicy policy, string digit, string hook)
    {
        text.Open($"function hook_import{digit}(bool same_as)");
        text.Verbatim(hook);
        text.Close();
        text.Open($"function import{digit}()");
        text.Line($"if defined(bgp_local_pref) && bgp_local_pref > {BirdFilterWriter.PriorityBase - policy.NormalPriority} then preference = 200;");
        text.Line("accept;").Close().Line("");
    }

    private static void WriteExport(BirdText text, BirdDialect dialect, RoutePolicy policy, string digit, string hook)
    {
        text.Open($"function hook_export{digit}(bool same_as)");
        text.Verbatim(hook);
        text.Close();
        text.Open($"function export{digit}(bool same_as)");
        Decide(text, policy.UnexportedPools, within: true, "reject");
        text.Line("if same_as && (ifname ~ \"*.cali\" || ifname ~ \"*.calico\" || ifname = \"tunl0\") then reject;");
        // Routes to other nodes that the policy agent made (RTPROT 80) lead through a gateway; those to workloads of this host do not.
        text.Line($"if same_as && defined(krt_source) && krt_source = 80 && gw != {dialect.NoGateway(policy.Family)} then reject;");
        text.Line("if ifname ~ \"bpf*.cali\" then reject;");
        foreach (PrefixCommunities prefix in policy.Communities)
        {
            text.Open($"if net ~ {prefix.Prefix} then");
            foreach (BgpCommunityValue community in prefix.Communities) text.Line(BirdFilterWriter.Adding(community));
            text.Close();
        }
        Decide(text, policy.LocalBlocks, within: false, "accept");
        if (policy.LocalBlocks.Count > 0)
            text.Open($"if net ~ {BirdText.Set(policy.LocalBlocks, within: true)} then").Line($"if krt_metric < {policy.NormalPriority} then accept;").Line("reject;").Close();
        Decide(text, policy.AdvertisedPrefixes, within: true, "accept");
        Decide(text, policy.ReflectedPrefixes, within: true, "accept");
        Decide(text, policy.ExportedPools, within: true, "accept");
        text.Line("reject;").Close().Line("");
    }

    private static void WriteKernel(BirdText text, BirdDialect dialect, RoutePolicy policy, string digit, string hook)
    {
        text.Open($"filter kernel_filter{digit}");
        text.Verbatim(hook);
        text.Line("if source = RTS_DEVICE then reject;");
        Decide(text, policy.KernelRejects, within: true, "reject");
        // With BIRD's 0 it would come before whatever route to the prefix this host has.
        if (policy.LastResorts.Count > 0) text.Line($"if source = RTS_STATIC && net ~ {BirdText.Set(policy.LastResorts, within: false)} then krt_metric = {BirdFilterWriter.PriorityBase};");
        text.Open("if source = RTS_BGP && !defined(krt_metric) then");
        text.Line($"krt_metric = {policy.NormalPriority};");
        text.Line($"if defined(bgp_local_pref) then krt_metric = {BirdFilterWriter.PriorityBase} - bgp_local_pref;");
        text.Line($"if krt_metric < {policy.NormalPriority} then preference = 200;");
        text.Close();
        foreach (KernelPool pool in policy.KernelPools) WritePool(text, dialect, pool, policy.LocalSubnet);
        text.Line("accept;").Close().Line("");
    }

    private static void WritePool(BirdText text, BirdDialect dialect, KernelPool pool, Cidr? localSubnet)
    {
        if (pool.Route is PoolRoute.LeaveToAgent or PoolRoute.Plain)
        {
            text.Line($"if net ~ {pool.Cidr} then {(pool.Route == PoolRoute.Plain ? "accept" : "reject")};");
            return;
        }
        string direct = pool.Route == PoolRoute.TunnelAcrossSubnets && localSubnet is { } subnet ? $" && !(bgp_next_hop ~ {subnet})" : "";
        text.Open($"if net ~ {pool.Cidr} then");
        text.Open($"if source = RTS_BGP{direct} then");
        dialect.WriteTunnel(text);
        text.Close();
        text.Line("accept;").Close();
    }

    private static void Decide(BirdText text, EquatableArray<Cidr> prefixes, bool within, string verdict)
    {
        if (prefixes.Count > 0) text.Line($"if net ~ {BirdText.Set(prefixes, within)} then {verdict};");
    }
}
