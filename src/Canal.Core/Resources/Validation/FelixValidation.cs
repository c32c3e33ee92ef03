using System.Text.RegularExpressions;
using Canal.Core.Addressing;

namespace Canal.Core.Resources;

/// <summary>The rules about felix's settings in etcd: one for each field, by its type in Calico 3.32, and a few that concern several.</summary>
internal static class FelixValidation
{
    private const int MostPortRanges = 7;
    private const int LastTableOfTheRange = 250;
    private const int MostTables = ushort.MaxValue;
    private const int LongestRegion = 46;

    public static void Check(Checked spec)
    {
        foreach ((string field, FieldRule rule) in FelixFields.All)
            if (spec.Node[field] is not null) rule(spec, field);
        if (spec.Has("routeTableRange") && spec.Has("routeTableRanges")) spec.Fail("routeTableRange", "must not stand beside routeTableRanges");
    }

    /// <summary>Ports that stay reachable whatever the policies say.</summary>
    public static void FailsafePorts(Checked spec, string field)
    {
        foreach (Checked port in spec.Objects(field)) FailsafePort(port);
    }

    public static void FailsafePort(Checked port)
    {
        port.Require("protocol");
        port.OneOf("protocol", "TCP", "UDP", "SCTP");
        if (port.Node["port"] is null) port.Fail("port", "is missing");
        port.Integer("port", 0, ushort.MaxValue);
        string net = port.Text("net");
        if (net.Length > 0 && !Cidr.TryParse(net, out _)) port.Fail("net", $"{Problem.Quote(net)} is not a CIDR");
    }

    public static void NodePorts(Checked spec, string field)
    {
        int count = 0;
        foreach ((string path, string text) in spec.NumbersOrTexts(field))
        {
            count++;
            if (!Port.TryParse(text, out Port port) || port.IsNamed) spec.Findings.Add(path, $"{Problem.Quote(text)} is not a port or a range FIRST:LAST");
        }
        if (count > MostPortRanges) spec.Fail(field, $"has more than {MostPortRanges} ranges, which is as many as one rule of iptables takes");
    }

    public static void PortRange(Checked spec, string field)
    {
        string text = spec.NumberOrText(field);
        if (text.Length > 0 && (!Port.TryParse(text, out Port port) || port.IsNamed)) spec.Fail(field, $"{Problem.Quote(text)} is not a port or a range FIRST:LAST");
    }

    public static void TableRange(Checked spec, string field)
    {
        if (spec.Object(field) is { } range) Bounds(range, LastTableOfTheRange);
    }

    public static void TableRanges(Checked spec, string field)
    {
        long tables = 0;
        foreach (Checked range in spec.Objects(field))
            if (Bounds(range, uint.MaxValue) is { } count) tables += count;
        if (tables > MostTables) spec.Fail(field, $"has {tables} tables, more than {MostTables}");
    }

    /// <summary>How many tables a good range has.</summary>
    private static long? Bounds(Checked range, long most)
    {
        foreach (string field in (string[])["min", "max"])
            if (range.Node[field] is null) range.Fail(field, "is missing");
        long? first = range.Integer("min", 1, most), last = range.Integer("max", 1, most);
        if (first > last) range.Fail("min", $"is above max, {last}");
        return last - first + 1;
    }

    public static void HealthTimeouts(Checked spec, string field)
    {
        foreach (Checked timeout in spec.Objects(field))
        {
            string name = timeout.Text("name");
            bool good = name.Length > 0 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or ' ');
            if (!good) timeout.Fail("name", name.Length == 0 ? "is missing" : $"{Problem.Quote(name)} is not a name of letters, digits, blanks, - and _");
            timeout.Duration("timeout");
        }
    }

    public static void Networks(Checked spec, string field)
    {
        foreach ((string _, Cidr _) in spec.Cidrs(field)) continue;
    }

    public static void NetworksV4(Checked spec, string field)
    {
        foreach ((string path, Cidr cidr) in spec.Cidrs(field))
            if (cidr.Family != IpFamily.V4) spec.Findings.Add(path, $"{cidr} is not an IPv4 CIDR");
    }

    public static void InterfaceFilters(Checked spec, string field)
    {
        foreach ((string path, string text) in spec.Texts(field))
            if (!Names.IsInterfaceFilter(text)) spec.Findings.Add(path, $"{Problem.Quote(text)} is not an interface's name: up to 15 letters, digits and : . _ + -");
    }

    public static void InterfaceFilter(Checked spec, string field)
    {
        string text = spec.Text(field);
        if (text.Length > 0 && !Names.IsInterfaceFilter(text)) spec.Fail(field, $"{Problem.Quote(text)} is not an interface's name: up to 15 letters, digits and : . _ + -");
    }

    public static void Host(Checked spec, string field)
    {
        string text = spec.Text(field);
        if (text.Length > 0 && !Names.IsHost(text)) spec.Fail(field, $"{Problem.Quote(text)} is not a host: up to 64 letters, digits and : . _ + -");
    }

    public static void Region(Checked spec, string field)
    {
        string text = spec.Text(field);
        if (text.Length > 0 && (text.Length > LongestRegion || !Names.IsLabel(text))) spec.Fail(field, $"{Problem.Quote(text)} is not a region's name: up to {LongestRegion} lower case letters, digits and inner dashes");
    }

    // The kind of expression that needs no backtracking is what Go has.
    public static void Expression(Checked spec, string field)
    {
        try
        {
            _ = new Regex(spec.Text(field), RegexOptions.NonBacktracking);
        }
        catch (Exception error) when (error is ArgumentException or NotSupportedException)
        {
            spec.Fail(field, $"{Problem.Quote(spec.Text(field))} is not a regular expression: {error.Message}");
        }
    }

    public static void CodePoint(Checked spec, string field)
    {
        string text = spec.NumberOrText(field);
        if (text.Length > 0 && !Dscp.TryParse(text, out _)) spec.Fail(field, $"{Problem.Quote(text)} is not a DSCP: 0 to 63, or a name such as EF, AF11, CS1");
    }
}
