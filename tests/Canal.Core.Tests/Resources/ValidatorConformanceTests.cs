using System.Text.Json.Nodes;
using Canal.Core.Addressing;
using Canal.Core.Resources;
using Canal.Testing;

namespace Canal.Core.Tests.Resources;

/// <summary>Agreement with Calico's own table of good and bad values: every record is checked.</summary>
public sealed class ValidatorConformanceTests
{
    /// <summary>Types of the table that are parts of resources, and the rule for each.</summary>
    private static readonly Dictionary<string, Action<Checked>> Parts = new(StringComparer.Ordinal)
    {
        ["Rule"] = RuleValidation.Check,
        ["EntityRule"] = entity => RuleValidation.Entity(entity, "source", "TCP"),
        ["ICMPFields"] = RuleValidation.IcmpFields,
        ["HTTPMatch"] = RuleValidation.HttpMatch,
        ["WorkloadEndpointPort"] = EndpointValidation.WorkloadPort,
        ["IPNAT"] = nat => EndpointValidation.Nat(nat, null),
        ["ProtoPort"] = FelixValidation.FailsafePort,
        ["BGPFilterRuleV4"] = rule => BgpFilterValidation.Rule(rule, IpFamily.V4),
        ["BGPFilterRuleV6"] = rule => BgpFilterValidation.Rule(rule, IpFamily.V6),
        ["BGPFilterOperation"] = BgpFilterValidation.Operation,
        ["NodeStatus"] = NodeValidation.Status,
        ["Template"] = ControllersValidation.Template,
        ["NodeControllerConfig"] = ControllersValidation.Node,
        ["LoadBalancerControllerConfig"] = ControllersValidation.LoadBalancer,
        ["PolicyControllerConfig"] = ControllersValidation.Reconciler,
        ["WorkloadEndpointControllerConfig"] = ControllersValidation.Reconciler,
        ["ServiceAccountControllerConfig"] = ControllersValidation.Reconciler,
        ["NamespaceControllerConfig"] = ControllersValidation.Reconciler,
    };

    [Fact]
    public void Values_are_good_or_bad_as_Calico_has_it()
    {
        List<string> wrong = [];
        JsonArray records = JsonNode.Parse(File.ReadAllText(Conformance.Require("calico/validator_cases.json")))!.AsArray();
        Assert.True(records.Count >= 651, $"only {records.Count} records");
        foreach (JsonNode? record in records)
        {
            string type = (string)record!["type"]!;
            JsonObject value = record["value"]!.AsObject();
            Findings findings = new();
            Check(type, value, findings);
            if (findings.Problems.IsEmpty != (bool)record["valid"]!)
                wrong.Add($"{type}: {record["description"]}: {value.ToJsonString()} {string.Join("; ", findings.Problems.ToArray())}");
        }
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    private static void Check(string type, JsonObject value, Findings findings)
    {
        Checked root = new(value, "", findings);
        if (Parts.TryGetValue(type, out Action<Checked>? part))
        {
            part(root);
            return;
        }
        if (type.EndsWith("Spec", StringComparison.Ordinal))
        {
            ResourceValidation.Spec(root, Enum.Parse<ResourceKind>(type[..^4]), "");
            return;
        }
        ResourceKind kind = Enum.Parse<ResourceKind>(type);
        ResourceDocument document = ResourceDocument.From((JsonObject)value.DeepClone());
        document.Root["kind"] = type;
        // The table's objects have no namespace; Calico checks that elsewhere.
        if (ResourceKinds.Of(kind).Namespaced) document.Namespace = "default";
        foreach (Problem problem in ResourceValidation.Validate(document)) findings.Add(problem.Path, problem.Sentence);
    }
}
