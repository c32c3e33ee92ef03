using Canal.Core.Labels;
using Canal.Core.Resources;

namespace Canal.Core.Calculation;

/// <summary>The labels and parents that selectors see, which are not quite the stored ones (calico-selectors: endpoint labels).</summary>
public static class EndpointLabels
{
    /// <summary>A workload endpoint: without <c>pcns.</c> and <c>pcsa.</c> labels, which only profiles may give, with its service account.</summary>
    public static LabelMap Of(WorkloadEndpoint endpoint)
    {
        LabelMap labels = endpoint.Metadata.Labels;
        foreach (KeyValuePair<string, string> label in labels)
            if (IsForProfiles(label.Key)) return WithAccount(LabelMap.Create(labels.Where(l => !IsForProfiles(l.Key))), endpoint);
        return WithAccount(labels, endpoint);
    }

    /// <summary>A namespaced network set: with its namespace.</summary>
    public static LabelMap Of(NetworkSet set) => set.Metadata.Labels.With(WellKnownLabels.Namespace, set.Key.Namespace ?? "");

    /// <summary>The profile that carries a namespace's labels.</summary>
    public static string NamespaceProfile(string name) => $"kns.{name}";

    private static LabelMap WithAccount(LabelMap labels, WorkloadEndpoint endpoint) =>
        endpoint.Spec.ServiceAccountName is { Length: > 0 } account ? labels.With(WellKnownLabels.ServiceAccount, account) : labels;

    private static bool IsForProfiles(string label) =>
        label.StartsWith(WellKnownLabels.NamespacePrefix, StringComparison.Ordinal) || label.StartsWith(WellKnownLabels.ServiceAccountPrefix, StringComparison.Ordinal);
}
