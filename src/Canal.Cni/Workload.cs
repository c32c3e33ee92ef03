using System.Text.Json.Nodes;
using Canal.Core.Resources;

namespace Canal.Cni;

/// <summary>Who the container is, in the cluster's terms.</summary>
/// <param name="Orchestrator"><c>k8s</c> when the runtime tells of a pod, as containerd, CRI-O and podman do; else <c>cni</c>.</param>
/// <param name="Namespace">Of the endpoint.</param>
/// <param name="Pod">Empty without one.</param>
internal sealed record Workload(string Orchestrator, string Namespace, string Pod)
{
    private const string DefaultNamespace = "default";

    public static Workload Of(CniCall call)
    {
        string pod = call.Arguments["K8S_POD_NAME"], ns = call.Arguments["K8S_POD_NAMESPACE"];
        if (pod.Length > 0 && ns.Length > 0) return new Workload("k8s", Checked(ns), pod);
        string own = call.Arguments["CANAL_NAMESPACE"] is { Length: > 0 } asked ? asked : CniJson.Text(call.Config, "namespace");
        return new Workload("cni", own.Length == 0 ? DefaultNamespace : Checked(own), "");
    }

    /// <summary>The endpoint's labels: the network's, then what whoever asked for the container adds.</summary>
    public LabelMap LabelsOf(CniCall call)
    {
        LabelMap labels = default;
        foreach (JsonObject? source in (JsonObject?[])[CniJson.Object(call.Config, "labels"), CniJson.Object(call.Runtime, "labels")])
            foreach ((string key, JsonNode? _) in source ?? [])
                labels = labels.With(key, CniJson.Text(source, key));
        foreach (JsonObject label in CniJson.Objects(call.Extra, "labels"))
            labels = labels.With(CniJson.Text(label, "key"), CniJson.Text(label, "value"));
        foreach (string pair in call.Arguments["CANAL_LABELS"].Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            int at = pair.IndexOf('=', StringComparison.Ordinal);
            if (at <= 0) throw new CniException(CniCode.Environment, $"CNI_ARGS: CANAL_LABELS: '{pair}' is not name=value");
            labels = labels.With(pair[..at], pair[(at + 1)..]);
        }
        return labels.With("projectcalico.org/namespace", Namespace).With("projectcalico.org/orchestrator", Orchestrator);
    }

    private static string Checked(string ns) =>
        ns.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_') ? ns : throw new CniException(CniCode.Environment, $"'{ns}' is not a namespace");
}
