using System.Text;

namespace Canal.Core.Resources;

/// <summary>The four parts a workload endpoint's name is made of: node, orchestrator, workload (a pod for k8s, a container for cni) and endpoint,
/// joined by dashes, with each dash inside a part doubled.</summary>
/// <param name="Node">The host.</param>
/// <param name="Orchestrator">k8s, cni, libnetwork, openstack, or any other.</param>
/// <param name="Workload">The third part, whatever the orchestrator calls it; always <c>libnetwork</c> for libnetwork.</param>
/// <param name="Endpoint">The interface inside the workload.</param>
public readonly record struct WorkloadEndpointName(string Node, string Orchestrator, string Workload, string Endpoint)
{
    /// <summary>The orchestrator, and every workload, of Docker's drivers.</summary>
    public const string Libnetwork = "libnetwork";

    private const int Parts = 4;

    /// <summary>The parts that these fields of a spec give.</summary>
    public static WorkloadEndpointName Of(WorkloadEndpointSpec spec) => new(
        spec.Node,
        spec.Orchestrator,
        spec.Orchestrator switch
        {
            "k8s" => spec.Pod,
            "cni" => spec.ContainerId,
            Libnetwork => Libnetwork,
            _ => spec.Workload,
        },
        spec.Endpoint);

    /// <summary>The field of the spec that gives the third part.</summary>
    public string WorkloadField => Orchestrator switch
    {
        "k8s" => "pod",
        "cni" => "containerID",
        _ => "workload",
    };

    /// <summary>The name; null with the problem (its path is the spec's field) when a part is empty or begins or ends with a dash.</summary>
    public string? Print(out Problem problem)
    {
        StringBuilder name = new();
        foreach ((string field, string part) in Fields())
        {
            if (!IsUsable(field, part, out problem)) return null;
            if (name.Length > 0) name.Append('-');
            name.Append(part.Replace("-", "--", StringComparison.Ordinal));
        }
        problem = default;
        return name.ToString();
    }

    /// <summary>The prefix that names with the same leading parts have, up to the first empty part. Names may have it by chance, so what is listed
    /// by it has to be parsed and compared. Null with the problem when there is no node or a part is not usable.</summary>
    public string? PrintPrefix(out Problem problem)
    {
        StringBuilder prefix = new();
        foreach ((string field, string part) in Fields())
        {
            if (part.Length == 0 && prefix.Length > 0) break;
            if (!IsUsable(field, part, out problem)) return null;
            prefix.Append(part.Replace("-", "--", StringComparison.Ordinal)).Append('-');
        }
        problem = default;
        bool whole = Endpoint.Length > 0 && Workload.Length > 0 && Orchestrator.Length > 0;
        return whole ? prefix.ToString(0, prefix.Length - 1) : prefix.ToString();
    }

    /// <summary>Takes a whole name apart; false when it has not four parts.</summary>
    public static bool TryParse(ReadOnlySpan<char> name, out WorkloadEndpointName parsed)
    {
        parsed = default;
        Span<Range> ranges = stackalloc Range[Parts];
        if (Split(name, ranges) != Parts || name[ranges[^1]].IsEmpty) return false;
        parsed = new WorkloadEndpointName(Part(name, ranges[0]), Part(name, ranges[1]), Part(name, ranges[2]), Part(name, ranges[3]));
        return true;
    }

    /// <summary>Takes a name or the beginning of one apart; parts that are not there are empty. False when it is empty or has too many parts.</summary>
    public static bool TryParsePrefix(ReadOnlySpan<char> name, out WorkloadEndpointName parsed)
    {
        parsed = default;
        Span<Range> ranges = stackalloc Range[Parts];
        int count = name.IsEmpty ? -1 : Split(name, ranges);
        if (count < 0) return false;
        parsed = new WorkloadEndpointName(
            Part(name, ranges[0]),
            count > 1 ? Part(name, ranges[1]) : "",
            count > 2 ? Part(name, ranges[2]) : "",
            count > 3 ? Part(name, ranges[3]) : "");
        return true;
    }

    /// <summary>Whether a name is one of those that have these parts, an empty one standing for any.</summary>
    public bool Matches(ReadOnlySpan<char> name) =>
        TryParse(name, out WorkloadEndpointName other) && Allows(Node, other.Node) && Allows(Orchestrator, other.Orchestrator)
        && Allows(Workload, other.Workload) && Allows(Endpoint, other.Endpoint);

    private static bool Allows(string wanted, string part) => wanted.Length == 0 || wanted == part;

    private (string Field, string Part)[] Fields() => [("node", Node), ("orchestrator", Orchestrator), (WorkloadField, Workload), ("endpoint", Endpoint)];

    private static bool IsUsable(string field, string part, out Problem problem)
    {
        problem = default;
        if (part.Length == 0) problem = new Problem(field, "is missing");
        else if (part[0] == '-' || part[^1] == '-') problem = new Problem(field, $"{Problem.Quote(part)} must not begin or end with a '-'");
        return problem == default;
    }

    // A dash followed by another is an escaped one; a single one separates. -1: more parts than there is room for.
    private static int Split(ReadOnlySpan<char> name, Span<Range> ranges)
    {
        int count = 0, start = 0;
        for (int i = 1; i < name.Length; i++)
        {
            if (name[i] != '-') continue;
            if (i + 1 < name.Length && name[i + 1] == '-')
            {
                i++;
                continue;
            }
            if (count == ranges.Length - 1) return -1;
            ranges[count++] = start..i;
            start = i + 1;
        }
        ranges[count++] = start..name.Length;
        return count;
    }

    private static string Part(ReadOnlySpan<char> name, Range range) => name[range].ToString().Replace("--", "-", StringComparison.Ordinal);
}
