using Canal.Core.Addressing;

namespace Canal.Core.Resources;

/// <summary>The rules about a pool by itself. That it overlaps no other, and that its range and block size never change, is for whoever can see the others.</summary>
internal static class PoolValidation
{
    private static readonly Cidr[] LinkLocal = [Cidr.Parse("169.254.0.0/16"), Cidr.Parse("fe80::/10")];

    public static void Check(Checked spec)
    {
        if (Range(spec) is { } cidr) BlockSize(spec, cidr);
        string ipip = spec.OneOf("ipipMode", "Always", "CrossSubnet", "Never"), vxlan = spec.OneOf("vxlanMode", "Always", "CrossSubnet", "Never");
        bool encapsulated = ipip is not ("" or "Never") || vxlan is not ("" or "Never");
        if (ipip is not ("" or "Never") && vxlan is not ("" or "Never")) spec.Fail("ipipMode", "must not stand beside vxlanMode");
        if (ipip is not ("" or "Never") && spec.Text("cidr").Contains(':')) spec.Fail("ipipMode", "is for IPv4 only");
        spec.OneOf("assignmentMode", "Automatic", "Manual");
        foreach (string field in (string[])["nodeSelector", "namespaceSelector"])
            if (spec.Selector(field).Contains("global(", StringComparison.Ordinal)) spec.Fail(field, "must not contain global()");
        Uses(spec, encapsulated);
    }

    private static Cidr? Range(Checked spec)
    {
        string text = spec.Text("cidr");
        if (!Cidr.TryParse(text, out Cidr cidr) || !text.Contains('/'))
        {
            spec.Fail("cidr", text.Length == 0 ? "is missing" : $"{Problem.Quote(text)} is not a CIDR");
            return null;
        }
        if (IpAddress.Parse(text[..text.IndexOf('/', StringComparison.Ordinal)]) != cidr.Address) spec.Fail("cidr", $"has host bits; {cidr} would be strict");
        foreach (Cidr reserved in LinkLocal)
            if (reserved.Contains(cidr) || cidr.Contains(reserved)) spec.Fail("cidr", $"overlaps {reserved}, which is link-local");
        return cidr;
    }

    private static void BlockSize(Checked spec, Cidr cidr)
    {
        long least = cidr.Family == IpFamily.V4 ? 20 : 116;
        if (spec.Node["blockSize"] is null || spec.Node["blockSize"]!.ToJsonString() == "0")
        {
            Fits(spec, cidr, IpPool.DefaultBlockSize(cidr.Family));
            return;
        }
        if (spec.Integer("blockSize", least, cidr.Family.Bits) is { } size) Fits(spec, cidr, size);
    }

    private static void Fits(Checked spec, Cidr cidr, long size)
    {
        if (size < cidr.Length && !spec.Flag("disabled")) spec.Fail("cidr", $"is smaller than a block of /{size}");
    }

    private static void Uses(Checked spec, bool encapsulated)
    {
        HashSet<string> uses = new(StringComparer.Ordinal);
        foreach ((string path, string use) in spec.Texts("allowedUses"))
        {
            if (use is not ("Workload" or "Tunnel" or "LoadBalancer")) spec.Findings.Add(path, $"{Problem.Quote(use)} is not one of Workload, Tunnel, LoadBalancer");
            uses.Add(use);
        }
        if (uses.Contains("Tunnel") && spec.Has("namespaceSelector")) spec.Fail("namespaceSelector", "must not stand beside the use Tunnel");
        if (!uses.Contains("LoadBalancer")) return;
        if (uses.Count > 1) spec.Fail("allowedUses", "LoadBalancer excludes other uses");
        if (encapsulated) spec.Fail("allowedUses", "LoadBalancer excludes encapsulation");
        if (spec.Text("nodeSelector") is not ("" or "all()")) spec.Fail("nodeSelector", "must be all() with the use LoadBalancer");
        if (spec.Flag("disableBGPExport")) spec.Fail("disableBGPExport", "must be false with the use LoadBalancer");
    }

    /// <summary>How addresses are handed out.</summary>
    public static void Ipam(Checked spec)
    {
        bool strict = spec.Flag("strictAffinity");
        if (spec.Integer("maxBlocksPerHost", 0, int.MaxValue) is > 0 && !strict) spec.Fail("maxBlocksPerHost", "needs strictAffinity");
        if (!strict && spec.Node["autoAllocateBlocks"] is not null && !spec.Flag("autoAllocateBlocks")) spec.Fail("autoAllocateBlocks", "must not be false without strictAffinity");
        spec.OneOf("kubeVirtVMAddressPersistence", "Enabled", "Disabled");
    }

    /// <summary>A block that belongs to a node.</summary>
    public static void Affinity(Checked spec)
    {
        spec.Require("node");
        spec.Require("cidr");
        // True or "true", by the release that wrote it.
        if (spec.Node["deleted"] is { } deleted && deleted.ToString() is not ("" or "false")) spec.Fail("deleted", "must be false: only IPAM itself marks an affinity so");
    }
}
