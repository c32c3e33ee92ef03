using System.Text.Json.Nodes;
using Canal.Core.Resources;
using Canal.Testing;

namespace Canal.Core.Tests.Resources;

/// <summary>Agreement with Calico's own table of good and bad values, for the kinds whose rules are implemented.</summary>
public sealed class ValidatorConformanceTests
{
    /// <summary>Types without rules of their own here; what a reader would stumble over is still refused.</summary>
    private static readonly Dictionary<string, string> NotImplemented = new(StringComparer.Ordinal)
    {
        ["FelixConfigurationSpec"] = "the fields belong to felix's configuration, which checks them as it reads them",
        ["ProtoPort"] = "part of FelixConfiguration",
        ["BGPConfigurationSpec"] = "BGP rules are not written yet",
        ["BGPPeerSpec"] = "BGP rules are not written yet",
        ["BGPFilterRuleV4"] = "BGP rules are not written yet",
        ["BGPFilterRuleV6"] = "BGP rules are not written yet",
        ["BGPFilterOperation"] = "BGP rules are not written yet",
        ["NodeSpec"] = "node rules are not written yet",
        ["NodeStatus"] = "node rules are not written yet",
        ["BlockAffinitySpec"] = "IPAM in etcd does not use the resource",
        ["KubeControllersConfigurationSpec"] = "passed through unread",
        ["Template"] = "part of KubeControllersConfiguration",
        ["NodeControllerConfig"] = "part of KubeControllersConfiguration",
        ["LoadBalancerControllerConfig"] = "part of KubeControllersConfiguration",
        ["PolicyControllerConfig"] = "part of KubeControllersConfiguration",
        ["WorkloadEndpointControllerConfig"] = "part of KubeControllersConfiguration",
        ["ServiceAccountControllerConfig"] = "part of KubeControllersConfiguration",
        ["NamespaceControllerConfig"] = "part of KubeControllersConfiguration",
    };

    /// <summary>Cases that only the selector grammar decides; it is not part of this folder, and here any selector passes.</summary>
    private static readonly HashSet<string> NeedSelectors = new(StringComparer.Ordinal)
    {
        "should reject invalid selector",
        "should disallow a invalid nodeSelector",
    };

    [Fact]
    public void Values_are_good_or_bad_as_Calico_has_it()
    {
        List<string> wrong = [];
        int count = 0;
        foreach (JsonNode? record in JsonNode.Parse(File.ReadAllText(Conformance.Require("calico/validator_cases.json")))!.AsArray())
        {
            string type = (string)record!["type"]!, description = (string)record["description"]!;
            if (NotImplemented.ContainsKey(type) || NeedSelectors.Contains(description)) continue;
            if (record["value"] is not JsonObject value || value.ToJsonString().Contains("\"go\":", StringComparison.Ordinal)) continue;
            Findings findings = new(_ => null);
            Check(type, value, findings);
            count++;
            if (findings.Problems.IsEmpty != (bool)record["valid"]!) wrong.Add($"{type}: {description}: {value.ToJsonString()} {findings.Problems}");
        }
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.True(count > 250);
    }

    private static void Check(string type, JsonObject value, Findings findings)
    {
        Checked root = new(value, "", findings);
        switch (type)
        {
            case "Rule": RuleValidation.Check(root); return;
            case "EntityRule": RuleValidation.Entity(root, "source", "TCP"); return;
            case "ICMPFields": RuleValidation.IcmpFields(root); return;
            case "HTTPMatch": RuleValidation.HttpMatch(root); return;
            case "WorkloadEndpointPort": EndpointValidation.WorkloadPort(root); return;
            case "IPNAT": EndpointValidation.Nat(root, null); return;
            default: break;
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
        foreach (Problem problem in new ResourceValidation(_ => null).Validate(document)) findings.Add(problem.Path, problem.Sentence);
    }
}
