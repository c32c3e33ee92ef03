using Canal.Core.Addressing;

namespace Canal.Core.Resources;

/// <summary>Reads the sides of rules.</summary>
internal static class EntityRuleReader
{
    // Longer than the longest port name.
    private const int Buffer = 160;

    public static EntityRule Read(ref JsonScanner json)
    {
        EquatableArray<Cidr> nets = default, notNets = default;
        EquatableArray<Port> ports = default, notPorts = default;
        bool hasNets = false, hasNotNets = false;
        string selector = "", notSelector = "", namespaceSelector = "";
        ServiceAccountMatch? accounts = null;
        ServiceMatch? services = null;
        bool any = false;
        if (!json.BeginObject()) return EntityRule.Empty;
        while (json.NextField())
        {
            any = true;
            if (json.Is("selector"u8)) selector = json.SharedText();
            else if (json.Is("nets"u8)) nets = json.Cidrs(out hasNets);
            else if (json.Is("ports"u8)) ports = ReadPorts(ref json);
            else if (json.Is("namespaceSelector"u8)) namespaceSelector = json.SharedText();
            else if (json.Is("notNets"u8)) notNets = json.Cidrs(out hasNotNets);
            else if (json.Is("notSelector"u8)) notSelector = json.SharedText();
            else if (json.Is("notPorts"u8)) notPorts = ReadPorts(ref json);
            else if (json.Is("serviceAccounts"u8)) accounts = ReadAccounts(ref json);
            else if (json.Is("services"u8)) services = ReadServices(ref json);
            else json.SkipValue();
        }
        return !any ? EntityRule.Empty : new EntityRule
        {
            Nets = nets,
            NotNets = notNets,
            HasNets = hasNets,
            HasNotNets = hasNotNets,
            Selector = selector,
            NotSelector = notSelector,
            NamespaceSelector = namespaceSelector,
            ServiceAccounts = accounts,
            Services = services,
            Ports = ports,
            NotPorts = notPorts,
        };
    }

    private static EquatableArray<Port> ReadPorts(ref JsonScanner json)
    {
        Span<char> buffer = stackalloc char[Buffer];
        if (!json.BeginArray()) return default;
        List<Port> ports = [];
        while (json.NextItem())
        {
            bool isNumber = json.IsNumber;
            ReadOnlySpan<char> text = buffer[..json.NumberOrCharacters(buffer)];
            // "-1" and "1.5" are names as strings, but not as numbers.
            if (Port.TryParse(text, out Port port) && !(isNumber && port.IsNamed)) ports.Add(port);
            else json.Fail($"{Problem.Quote(text)} is not a port");
        }
        return ports.ToEquatableArray();
    }

    private static ServiceAccountMatch? ReadAccounts(ref JsonScanner json)
    {
        EquatableArray<string> names = default;
        string selector = "";
        if (!json.BeginObject()) return null;
        while (json.NextField())
        {
            if (json.Is("names"u8)) names = json.Texts();
            else if (json.Is("selector"u8)) selector = json.SharedText();
            else json.SkipValue();
        }
        return new ServiceAccountMatch { Names = names, Selector = selector };
    }

    private static ServiceMatch? ReadServices(ref JsonScanner json)
    {
        string name = "", @namespace = "";
        if (!json.BeginObject()) return null;
        while (json.NextField())
        {
            if (json.Is("name"u8)) name = json.SharedText();
            else if (json.Is("namespace"u8)) @namespace = json.SharedText();
            else json.SkipValue();
        }
        return new ServiceMatch(name, @namespace);
    }
}
