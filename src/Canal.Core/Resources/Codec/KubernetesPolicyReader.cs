using Canal.Core.Addressing;

namespace Canal.Core.Resources;

/// <summary>
/// Reads Kubernetes' NetworkPolicy (networking.k8s.io/v1), of which StagedKubernetesNetworkPolicy is made, as the policy of ours that means the same: an allow
/// rule for each peer and protocol, for the pods of the namespace. What is not understood fails the whole policy.
/// </summary>
internal static class KubernetesPolicyReader
{
    /// <summary>Calico's place for policies of Kubernetes, which have none of their own.</summary>
    private const double Order = 1000;

    /// <summary>Pods are the only endpoints that such a policy speaks of.</summary>
    private const string Pods = "projectcalico.org/orchestrator == 'k8s'";

    private const int Buffer = 160;

    public static PolicySpec Read(ref JsonScanner json)
    {
        PolicySpec spec = new() { Order = Order, Selector = Pods };
        PolicyTypes types = PolicyTypes.None;
        if (!json.BeginObject()) return spec;
        while (json.NextField())
        {
            if (json.Is("stagedAction"u8)) spec = spec with { StagedAction = PolicyReader.ReadStagedAction(ref json) };
            else if (json.Is("podSelector"u8)) spec = spec with { Selector = OfPods(ReadTerms(ref json)) };
            else if (json.Is("policyTypes"u8)) types = PolicyReader.ReadTypes(ref json);
            else if (json.Is("ingress"u8)) spec = spec with { Ingress = ReadRules(ref json, "from"u8, PolicyTypes.Ingress) };
            else if (json.Is("egress"u8)) spec = spec with { Egress = ReadRules(ref json, "to"u8, PolicyTypes.Egress) };
            else json.SkipValue();
        }
        if (types == PolicyTypes.None) types = spec.Egress.IsEmpty ? PolicyTypes.Ingress : PolicyTypes.Both;
        return spec with { Types = types };
    }

    private static EquatableArray<Rule> ReadRules(ref JsonScanner json, ReadOnlySpan<byte> side, PolicyTypes direction)
    {
        if (!json.BeginArray()) return default;
        List<Rule> rules = [];
        while (json.NextItem())
        {
            List<EntityRule> peers = [];
            SortedDictionary<byte, List<Port>?> ports = [];
            if (!json.BeginObject()) json.Fail("is not a rule");
            while (json.NextField())
            {
                if (json.Is(side)) ReadPeers(ref json, peers);
                else if (json.Is("ports"u8)) ReadPorts(ref json, ports);
                else json.SkipValue();
            }
            // No list, or an empty one, is everybody.
            foreach (EntityRule peer in peers.DefaultIfEmpty(EntityRule.Empty)) rules.AddRange(Rules(peer, ports, direction));
        }
        return rules.ToEquatableArray();
    }

    private static IEnumerable<Rule> Rules(EntityRule peer, SortedDictionary<byte, List<Port>?> ports, PolicyTypes direction)
    {
        if (ports.Count == 0) yield return RuleOf(peer, null, default, direction);
        foreach ((byte protocol, List<Port>? numbers) in ports)
            yield return RuleOf(peer, Protocol.FromNumber(protocol), numbers is null ? default : numbers.ToEquatableArray(), direction);
    }

    private static Rule RuleOf(EntityRule peer, Protocol? protocol, EquatableArray<Port> ports, PolicyTypes direction)
    {
        EntityRule source = direction == PolicyTypes.Ingress ? peer : EntityRule.Empty, destination = direction == PolicyTypes.Ingress ? EntityRule.Empty : peer;
        return new Rule { Action = RuleAction.Allow, Protocol = protocol, Source = source, Destination = ports.IsEmpty ? destination : destination with { Ports = ports } };
    }

    private static void ReadPeers(ref JsonScanner json, List<EntityRule> peers)
    {
        if (!json.BeginArray()) return;
        while (json.NextItem()) peers.Add(ReadPeer(ref json));
    }

    private static EntityRule ReadPeer(ref JsonScanner json)
    {
        List<string>? pods = null, namespaces = null;
        EntityRule? block = null;
        long start = json.Position;
        if (!json.BeginObject()) json.Fail("is not a peer");
        while (json.NextField())
        {
            if (json.Is("podSelector"u8)) pods = ReadTerms(ref json);
            else if (json.Is("namespaceSelector"u8)) namespaces = ReadTerms(ref json);
            else if (json.Is("ipBlock"u8)) block = ReadBlock(ref json);
            else json.SkipValue();
        }
        if (block is not null && pods is null && namespaces is null) return block;
        if (block is not null || (pods is null && namespaces is null)) json.FailFrom(start, "is not a peer: an ipBlock alone, or selectors");
        // Without a term they are all namespaces; without a selector of namespaces it is the policy's own.
        string ofNamespaces = namespaces is null ? "" : namespaces.Count == 0 ? "all()" : string.Join(" && ", namespaces);
        return new EntityRule { Selector = OfPods(pods), NamespaceSelector = ofNamespaces };
    }

    private static EntityRule? ReadBlock(ref JsonScanner json)
    {
        EntityRule block = new() { HasNets = true };
        if (!json.BeginObject()) return null;
        while (json.NextField())
        {
            if (json.Is("cidr"u8)) block = block with { Nets = json.CidrOrDrop() is { } cidr ? [cidr] : default };
            else if (json.Is("except"u8)) block = Except(ref json, block);
            else json.SkipValue();
        }
        return block;
    }

    private static EntityRule Except(ref JsonScanner json, EntityRule block)
    {
        EquatableArray<Cidr> excepted = json.Cidrs(out bool any);
        return block with { NotNets = excepted, HasNotNets = any };
    }

    /// <summary>By protocol, so that a list of any length makes few rules; null is every port.</summary>
    private static void ReadPorts(ref JsonScanner json, SortedDictionary<byte, List<Port>?> ports)
    {
        if (!json.BeginArray()) return;
        while (json.NextItem())
        {
            Protocol protocol = Protocol.Tcp;
            Port? port = null;
            long? last = null;
            long start = json.Position;
            if (!json.BeginObject()) json.Fail("is not a port");
            while (json.NextField())
            {
                if (json.Is("protocol"u8)) protocol = RuleReader.ReadProtocol(ref json) ?? Protocol.Tcp;
                else if (json.Is("port"u8)) port = ReadPort(ref json);
                else if (json.Is("endPort"u8)) last = json.Integer(1, ushort.MaxValue);
                else json.SkipValue();
            }
            if (last is { } end) port = ReachingTo(ref json, start, port, (ushort)end);
            Add(ports, protocol.Number!.Value, port);
        }
    }

    private static Port? ReadPort(ref JsonScanner json)
    {
        if (json.IsNull) return null;
        Span<char> buffer = stackalloc char[Buffer];
        ReadOnlySpan<char> text = buffer[..json.NumberOrCharacters(buffer)];
        if (!Port.TryParse(text, out Port port)) json.Fail($"{Problem.Quote(text)} is not a port");
        return port;
    }

    private static Port? ReachingTo(ref JsonScanner json, long start, Port? first, ushort last)
    {
        if (first is { IsNamed: false } port && port.Range.First <= last) return new Port(new PortRange(port.Range.First, last));
        json.FailFrom(start, "has an endPort without a number before it");
        return null;
    }

    private static void Add(SortedDictionary<byte, List<Port>?> ports, byte protocol, Port? port)
    {
        if (port is null) ports[protocol] = null;
        else if (!ports.TryGetValue(protocol, out List<Port>? numbers)) ports[protocol] = [port.Value];
        else numbers?.Add(port.Value);
    }

    private static string OfPods(List<string>? terms) => terms is null ? Pods : string.Join(" && ", terms.Prepend(Pods));

    /// <summary>A LabelSelector's terms, in the language of selectors; null when there is none. Names and values are what Kubernetes allows, so that none can say more.</summary>
    private static List<string>? ReadTerms(ref JsonScanner json)
    {
        if (!json.BeginObject()) return null;
        List<string> terms = [];
        while (json.NextField())
        {
            if (json.Is("matchLabels"u8)) ReadLabels(ref json, terms);
            else if (json.Is("matchExpressions"u8)) ReadExpressions(ref json, terms);
            else json.SkipValue();
        }
        return terms;
    }

    private static void ReadLabels(ref JsonScanner json, List<string> terms)
    {
        if (!json.BeginObject()) return;
        while (json.NextField()) terms.Add($"{Label(ref json, json.FieldName())} == '{Value(ref json, json.SharedText())}'");
    }

    private static void ReadExpressions(ref JsonScanner json, List<string> terms)
    {
        if (!json.BeginArray()) return;
        while (json.NextItem())
        {
            string key = "", operation = "";
            List<string> values = [];
            long start = json.Position;
            if (!json.BeginObject()) json.Fail("is not an expression");
            while (json.NextField())
            {
                if (json.Is("key"u8)) key = Label(ref json, json.SharedText());
                else if (json.Is("operator"u8)) operation = json.Text();
                else if (json.Is("values"u8)) ReadValues(ref json, values);
                else json.SkipValue();
            }
            if (Term(key, operation, values) is { } term) terms.Add(term);
            else json.FailFrom(start, "is not an expression: In and NotIn with values, Exists and DoesNotExist without");
        }
    }

    private static void ReadValues(ref JsonScanner json, List<string> values)
    {
        if (!json.BeginArray()) return;
        while (json.NextItem()) values.Add($"'{Value(ref json, json.SharedText())}'");
    }

    private static string? Term(string key, string operation, List<string> values) => (operation, values.Count, key.Length) switch
    {
        (_, _, 0) => null,
        ("In", > 0, _) => $"{key} in {{ {string.Join(", ", values)} }}",
        ("NotIn", > 0, _) => $"{key} not in {{ {string.Join(", ", values)} }}",
        ("Exists", 0, _) => $"has({key})",
        ("DoesNotExist", 0, _) => $"!has({key})",
        _ => null,
    };

    private static string Label(ref JsonScanner json, string text)
    {
        if (!Names.IsQualified(text)) json.Fail($"{Problem.Quote(text)} is not a label's name");
        return text;
    }

    private static string Value(ref JsonScanner json, string text)
    {
        if (!Names.IsLabelValue(text)) json.Fail($"{Problem.Quote(text)} is not a label's value");
        return text;
    }
}
