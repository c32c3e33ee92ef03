using Canal.Core.Labels;
using Canal.Core.Resources;

namespace Canal.Core.Calculation;

/// <summary>The labels and parents that selectors see, which are not quite the stored ones (calico-selectors: endpoint labels).</summary>
public static class EndpointLabels
{
    /// <summary>A workload endpoint: without <c>pcns.</c> and <c>pcsa.</c> labels, which only profiles may give, with its service account.</summary>
    public static List<KeyValuePair<string, string>> Of(WorkloadEndpoint endpoint)
    {
        List<KeyValuePair<string, string>> labels = new(endpoint.Metadata.Labels.Count + 1);
        foreach (KeyValuePair<string, string> label in endpoint.Metadata.Labels)
        {
            bool reserved = label.Key.StartsWith(WellKnownLabels.NamespacePrefix, StringComparison.Ordinal)
                || label.Key.StartsWith(WellKnownLabels.ServiceAccountPrefix, StringComparison.Ordinal)
                || (label.Key == WellKnownLabels.ServiceAccount && endpoint.Spec.ServiceAccountName.Length > 0);
            if (!reserved) labels.Add(label);
        }
        if (endpoint.Spec.ServiceAccountName.Length > 0) labels.Add(new(WellKnownLabels.ServiceAccount, endpoint.Spec.ServiceAccountName));
        return labels;
    }

    /// <summary>A namespaced network set: with its namespace.</summary>
    public static List<KeyValuePair<string, string>> Of(NetworkSet set)
    {
        List<KeyValuePair<string, string>> labels = [.. set.Metadata.Labels.Where(l => l.Key != WellKnownLabels.Namespace)];
        labels.Add(new(WellKnownLabels.Namespace, set.Key.Namespace ?? ""));
        return labels;
    }

    /// <summary>The profile that carries a namespace's labels.</summary>
    public static string NamespaceProfile(string name) => $"kns.{name}";
}
