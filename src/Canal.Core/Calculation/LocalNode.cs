namespace Canal.Core.Calculation;

/// <summary>
/// Tells workload endpoints of one node by their names, which hold the identity whatever the spec says (calico-datamodel: names). There are as many
/// as endpoints in the cluster, so names are not taken apart for it.
/// </summary>
internal sealed class LocalNode(string name)
{
    private const int Separators = 3;

    private readonly string prefix = $"{name.Replace("-", "--", StringComparison.Ordinal)}-";

    /// <summary>The first part of the endpoint's name is the node.</summary>
    public bool Has(string endpointName) =>
        endpointName.StartsWith(prefix, StringComparison.Ordinal) && endpointName.Length > prefix.Length && endpointName[prefix.Length] != '-';

    /// <summary>The name has four parts, so that it is an endpoint's; as <see cref="Resources.WorkloadEndpointName.TryParse"/> says, without allocation.</summary>
    public static bool IsWhole(string endpointName)
    {
        int separators = 0;
        for (int i = 1; i < endpointName.Length; i++)
        {
            if (endpointName[i] != '-') continue;
            if (i + 1 < endpointName.Length && endpointName[i + 1] == '-') i++;
            else if (++separators > Separators || (separators == Separators && i == endpointName.Length - 1)) return false;
        }
        return separators == Separators;
    }
}
