using Canal.Core.Addressing;

namespace Canal.Core.Resources;

/// <summary>The rules about rules.</summary>
internal static class RuleValidation
{
    private static readonly string[] Sides = ["source", "destination"];
    private static readonly string[] ProtocolNames = ["TCP", "UDP", "ICMP", "ICMPv6", "SCTP", "UDPLite"];

    public static void Check(Checked rule)
    {
        if (rule.Text("action").Length == 0) rule.Fail("action", "is missing");
        rule.OneOf("action", "Allow", "Deny", "Log", "Pass");
        long? version = rule.Integer("ipVersion", 4, 6);
        if (version == 5) rule.Fail("ipVersion", "is neither 4 nor 6");
        string protocol = Protocol(rule, "protocol"), notProtocol = Protocol(rule, "notProtocol");
        Icmp(rule, protocol, notProtocol, version);
        Families(rule, version);
        foreach (string side in Sides)
            if (rule.Object(side) is { } entity) Entity(entity, side, protocol);
        if (rule.Object("http") is { } http) Http(rule, http, protocol);
        if (rule.Object("metadata") is { } metadata) MetadataValidation.Annotations(metadata);
    }

    /// <summary>A rule as it stands in a list of ingress or egress rules of a policy.</summary>
    public static void CheckIn(Checked rule, string direction, bool global)
    {
        Check(rule);
        if (direction == "egress" && rule.Has("http")) rule.Fail("http", "is not allowed in egress rules");
        string wrongSide = direction == "egress" ? "source" : "destination";
        foreach (string side in Sides)
        {
            if (rule.Object(side)?.Object("services") is not { } services) continue;
            if (side == wrongSide) services.Fail("name", $"a service is not allowed as {side} of {direction} rules");
            if (global && services.Text("namespace").Length == 0) services.Fail("namespace", "is required in a global policy");
        }
    }

    /// <summary>Notes a protocol that is neither one of the names, as they are spelled, nor 1 to 255.</summary>
    private static string Protocol(Checked rule, string field)
    {
        string text = rule.NumberOrText(field);
        bool known = text.Length == 0 || ProtocolNames.Contains(text) || (byte.TryParse(text, out byte number) && number > 0);
        if (!known) rule.Fail(field, $"{Problem.Quote(text)} is not a protocol: TCP, UDP, ICMP, ICMPv6, SCTP, UDPLite or a number from 1 to 255");
        return text;
    }

    private static void Icmp(Checked rule, string protocol, string notProtocol, long? version)
    {
        if (rule.Object("icmp") is { } icmp)
        {
            IcmpFields(icmp);
            if (protocol is not ("ICMP" or "ICMPv6")) rule.Fail("icmp", "needs the protocol ICMP or ICMPv6");
        }
        if (rule.Object("notICMP") is { } notIcmp) IcmpFields(notIcmp);
        if (version is 6 && (protocol is "ICMP" || notProtocol is "ICMP")) rule.Fail("ipVersion", "must be 4 with ICMP");
        if (version is 4 && (protocol is "ICMPv6" || notProtocol is "ICMPv6")) rule.Fail("ipVersion", "must be 6 with ICMPv6");
    }

    public static void IcmpFields(Checked icmp)
    {
        icmp.Integer("type", 0, 254);
        if (icmp.Integer("code", 0, 255) is not null && !icmp.Has("type")) icmp.Fail("code", "needs a type");
    }

    private static void Families(Checked rule, long? version)
    {
        IpFamily? family = version switch { 4 => IpFamily.V4, 6 => IpFamily.V6, _ => null };
        foreach (string side in Sides)
        {
            if (rule.Object(side) is not { } entity) continue;
            foreach (string list in (string[])["nets", "notNets"])
                foreach ((string path, string text) in entity.Texts(list))
                {
                    if (!text.Contains('/') || !Cidr.TryParse(text, out Cidr net)) rule.Findings.Add(path, $"{Problem.Quote(text)} is not a CIDR");
                    else if (net.Length == 0 && list == "notNets") rule.Findings.Add(path, "would exclude everything");
                    else if ((family ??= net.Family) != net.Family) rule.Findings.Add(path, "is not of the rule's IP version");
                }
        }
    }

    /// <summary>One side of a rule.</summary>
    /// <param name="entity">The side.</param>
    /// <param name="side">source or destination.</param>
    /// <param name="protocol">The rule's protocol; empty for none.</param>
    public static void Entity(Checked entity, string side, string protocol)
    {
        entity.SelectorWithoutGlobal("selector");
        entity.SelectorWithoutGlobal("notSelector");
        string namespaces = entity.Text("namespaceSelector");
        if (namespaces.Trim() != "global()") entity.SelectorWithoutGlobal("namespaceSelector");
        entity.Object("serviceAccounts")?.Selector("selector");
        Ports(entity, "ports", protocol);
        Ports(entity, "notPorts", protocol);
        if (entity.Object("services") is { } services) Services(entity, services, side);
    }

    private static void Services(Checked entity, Checked services, string side)
    {
        if (services.Text("name").Length == 0) services.Fail("name", "is missing");
        foreach (string field in (string[])["selector", "notSelector", "namespaceSelector", "serviceAccounts", "nets", "notNets"])
            if (entity.Has(field)) entity.Fail(field, "must not stand beside services");
        foreach (string field in (string[])["ports", "notPorts"])
            if (side == "destination" && entity.Has(field)) entity.Fail(field, "must not stand beside services in a destination");
    }

    private static void Ports(Checked entity, string field, string protocol)
    {
        bool supported = Resources.Protocol.FromText(protocol).SupportsPorts;
        foreach ((string path, string text) in entity.NumbersOrTexts(field))
        {
            if (!Port.TryParse(text, out Port port)) entity.Findings.Add(path, $"{Problem.Quote(text)} is not a port: a number, FIRST:LAST, or a name");
            else if (protocol.Length > 0 && !supported) entity.Findings.Add(path, $"the protocol {protocol} has no ports");
            else if (protocol.Length == 0 && !port.IsNamed) entity.Findings.Add(path, "needs the protocol TCP, UDP or SCTP");
            else if (!port.IsNamed && port.Range.First == 0) entity.Findings.Add(path, "is not a port from 1 to 65535");
            else if (port.IsNamed && !Names.IsPortName(text)) entity.Findings.Add(path, $"{Problem.Quote(text)} is not a port's name{Names.OfPorts}");
        }
    }

    private static void Http(Checked rule, Checked http, string protocol)
    {
        if (rule.Text("action") != "Allow") rule.Fail("http", "is allowed with the action Allow only");
        if (protocol is not ("" or "TCP" or "6")) rule.Fail("http", "needs the protocol TCP");
        HttpMatch(http);
    }

    public static void HttpMatch(Checked http)
    {
        HashSet<string> methods = new(StringComparer.Ordinal);
        foreach ((string at, string method) in http.Texts("methods"))
            if (!methods.Add(method)) http.Findings.Add(at, "stands twice");
        foreach (Checked path in http.Objects("paths"))
        {
            string exact = path.Text("exact"), prefix = path.Text("prefix");
            if ((exact.Length > 0) == (prefix.Length > 0)) http.Findings.Add(path.Path, "needs exactly one of exact and prefix");
            string text = exact + prefix;
            if (text.Length > 0 && (text[0] != '/' || text.AsSpan().ContainsAny(" ?#"))) http.Findings.Add(path.Path, $"{Problem.Quote(text)} is not a path");
        }
    }
}
