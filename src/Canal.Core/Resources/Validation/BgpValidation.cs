using Canal.Core.Addressing;

namespace Canal.Core.Resources;

/// <summary>The rules about the cluster's BGP settings.</summary>
internal static class BgpValidation
{
    /// <summary>Lowest and highest priority of a route; both ends of 32 bits mean something else to the kernel.</summary>
    public const int LeastPriority = 1, MostPriority = 2147483646;

    private static readonly string[] OfAllNodes =
        ["nodeToNodeMeshEnabled", "asNumber", "serviceLoadBalancerIPs", "serviceExternalIPs", "serviceClusterIPs", "nodeMeshPassword", "nodeMeshMaxRestartTime"];

    public static void Configuration(Checked spec, string name)
    {
        spec.OneOf("logSeverityScreen", LogLevels);
        spec.AutonomousSystem("asNumber");
        spec.Integer("listenPort", 1, ushort.MaxValue);
        spec.OneOf("serviceLoadBalancerAggregation", "Enabled", "Disabled");
        spec.OneOf("programClusterRoutes", "Enabled", "Disabled", "EnabledIPIPOnly", "EnabledNoEncapOnly");
        spec.OneOf("bindMode", "None", "NodeIP");
        foreach (string list in (string[])["serviceLoadBalancerIPs", "serviceExternalIPs", "serviceClusterIPs"])
            foreach (Checked block in spec.Objects(list)) Block(block);
        Interfaces(spec);
        Mesh(spec);
        Communities(spec);
        spec.Address("localWorkloadPeeringIPV4", IpFamily.V4);
        spec.Address("localWorkloadPeeringIPV6", IpFamily.V6);
        foreach (string field in (string[])["ipv4NormalRoutePriority", "ipv6NormalRoutePriority"]) spec.Integer(field, LeastPriority, MostPriority);
        if (name is not ("" or "default")) OfOneNode(spec);
    }

    public static string[] LogLevels { get; } = ["Trace", "Debug", "Info", "Warning", "Error", "Fatal"];

    /// <summary>A reference to a password, which is not stored in etcd itself.</summary>
    public static void Password(Checked owner, string field)
    {
        if (owner.Object(field) is not { } password) return;
        if (password.Object("secretKeyRef") is not { } reference)
        {
            password.Require("secretKeyRef");
            return;
        }
        reference.Require("name");
        reference.Require("key");
    }

    private static void Block(Checked block)
    {
        string text = block.Text("cidr");
        if (!Cidr.TryParse(text, out _)) block.Fail("cidr", text.Length == 0 ? "is missing" : $"{Problem.Quote(text)} is not a CIDR");
    }

    private static void Interfaces(Checked spec)
    {
        foreach ((string path, string text) in spec.Texts("ignoredInterfaces"))
        {
            if (text == "*") spec.Findings.Add(path, "must not be * alone, which would ignore all");
            else if (!Names.IsInterfacePattern(text)) spec.Findings.Add(path, $"{Problem.Quote(text)} is not an interface's name{Names.OfInterfaces}, with * for anything");
        }
    }

    private static void Mesh(Checked spec)
    {
        spec.Duration("nodeMeshMaxRestartTime");
        Password(spec, "nodeMeshPassword");
        if (spec.Node["nodeToNodeMeshEnabled"] is null || spec.Flag("nodeToNodeMeshEnabled")) return;
        foreach (string field in (string[])["nodeMeshPassword", "nodeMeshMaxRestartTime"])
            if (spec.Has(field)) spec.Fail(field, "must not stand beside nodeToNodeMeshEnabled: false");
    }

    private static void Communities(Checked spec)
    {
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (Checked community in spec.Objects("communities"))
        {
            string name = community.Text("name");
            if (!Names.IsName(name)) community.Fail("name", name.Length == 0 ? "is missing" : $"{Problem.Quote(name)} is not a name{Names.OfResources}");
            Community(community, "value");
            names.Add(name);
        }
        if (spec.Has("communities") && !spec.Has("prefixAdvertisements")) spec.Fail("communities", "need prefixAdvertisements that use them");
        foreach (Checked advertisement in spec.Objects("prefixAdvertisements"))
        {
            Block(advertisement);
            advertisement.Require("communities");
            foreach ((string path, string text) in advertisement.Texts("communities"))
                if (!IsCommunity(text) && !names.Contains(text)) spec.Findings.Add(path, $"{Problem.Quote(text)} is neither a name in communities nor aa:nn nor aa:nn:mm");
        }
    }

    /// <summary>Notes a value that is no community; it has to be there.</summary>
    public static void Community(Checked owner, string field)
    {
        string value = owner.Text(field);
        if (!IsCommunity(value)) owner.Fail(field, value.Length == 0 ? "is missing" : $"{Problem.Quote(value)} is not a community: aa:nn of 16 bits each, or aa:nn:mm of 32 bits each");
    }

    /// <summary>A standard community of two numbers of 16 bits, or a large one of three of 32.</summary>
    public static bool IsCommunity(string text)
    {
        string[] parts = text.Split(':');
        uint most = parts.Length == 2 ? ushort.MaxValue : uint.MaxValue;
        return parts.Length is 2 or 3 && parts.All(part => uint.TryParse(part, System.Globalization.NumberStyles.None, null, out uint number) && number <= most);
    }

    private static void OfOneNode(Checked spec)
    {
        foreach (string field in OfAllNodes)
            if (spec.Has(field)) spec.Fail(field, "may stand in the BGPConfiguration named default only");
    }
}
