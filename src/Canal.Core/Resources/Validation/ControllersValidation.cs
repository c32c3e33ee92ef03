using Canal.Core.Addressing;

namespace Canal.Core.Resources;

/// <summary>The rules about the settings of Calico's controllers for Kubernetes, which nothing here runs: only what they would refuse is refused.</summary>
internal static class ControllersValidation
{
    public static void Check(Checked spec)
    {
        spec.OneOf("logSeverityScreen", "None", "Debug", "Info", "Warning", "Error", "Fatal");
        spec.OneOf("healthChecks", "Enabled", "Disabled");
        spec.Duration("etcdV3CompactionPeriod");
        spec.Integer("prometheusMetricsPort", 0, ushort.MaxValue);
        if (spec.Object("controllers") is not { } controllers) return;
        foreach (string name in (string[])["policy", "workloadEndpoint", "serviceAccount", "namespace"])
            if (controllers.Object(name) is { } controller) Reconciler(controller);
        if (controllers.Object("node") is { } node) Node(node);
        if (controllers.Object("loadBalancer") is { } balancer) LoadBalancer(balancer);
    }

    public static void Reconciler(Checked controller) => controller.Duration("reconcilerPeriod");

    public static void LoadBalancer(Checked controller) => controller.OneOf("assignIPs", "AllServices", "RequestedServicesOnly");

    public static void Node(Checked controller)
    {
        Reconciler(controller);
        controller.Duration("leakGracePeriod");
        controller.OneOf("syncLabels", "Enabled", "Disabled");
        if (controller.Object("hostEndpoint") is not { } endpoint) return;
        endpoint.OneOf("autoCreate", "Enabled", "Disabled");
        endpoint.OneOf("createDefaultHostEndpoint", "Enabled", "Disabled");
        foreach (Checked template in endpoint.Objects("templates")) Template(template);
    }

    public static void Template(Checked template)
    {
        string name = template.Text("generateName");
        if (name.Length > 0 && !Names.IsName(name)) template.Fail("generateName", $"{Problem.Quote(name)} is not a name{Names.OfResources}");
        foreach ((string _, Cidr _) in template.Cidrs("interfaceCIDRs")) continue;
        template.Selector("nodeSelector");
        MetadataValidation.Labels(template, "labels");
    }
}
