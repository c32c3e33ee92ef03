namespace Canal.Core.Labels;

/// <summary>Labels and prefixes that Calico itself puts on endpoints (libcalico-go, backend/k8s/conversion).</summary>
public static class WellKnownLabels
{
    public const string Namespace = "projectcalico.org/namespace";

    public const string ServiceAccount = "projectcalico.org/serviceaccount";

    public const string Orchestrator = "projectcalico.org/orchestrator";

    public const string Tier = "projectcalico.org/tier";

    public const string Name = "projectcalico.org/name";

    /// <summary>Before the name of a label that an endpoint inherits from its namespace.</summary>
    public const string NamespacePrefix = "pcns.";

    /// <summary>Before the name of a label that an endpoint inherits from its service account.</summary>
    public const string ServiceAccountPrefix = "pcsa.";
}
