using Canal.Core.Labels;
using Canal.Core.Resources;

namespace Canal.Core.Policy;

/// <summary>The order in which tiers and policies are consulted (Calico 3.32; byte order of names decides ties).</summary>
public static class PolicyOrder
{
    /// <summary>Tiers that exist before tiers that only policies name; then by order, no order last; then by name.</summary>
    public static int CompareTiers(string leftName, Tier? left, string rightName, Tier? right)
    {
        int order = (left is null).CompareTo(right is null);
        if (order == 0) order = OrderOf(left?.Order).CompareTo(OrderOf(right?.Order));
        return order != 0 ? order : Utf8Order.Instance.Compare(leftName, rightName);
    }

    /// <summary>
    /// By order, no order last; then by <c>name/namespace/kind</c>, in which '/' sorts after '-' and '.'. A staged policy comes before its enforced namesake, so
    /// that it sees what that one decides.
    /// </summary>
    public static int ComparePolicies(ResourceKey leftKey, double? left, ResourceKey rightKey, double? right)
    {
        int order = OrderOf(left).CompareTo(OrderOf(right));
        if (order == 0) order = CompareSegments(leftKey.Name, rightKey.Name);
        if (order == 0) order = CompareSegments(leftKey.Namespace ?? "", rightKey.Namespace ?? "");
        if (order == 0) order = PolicyCompiler.IsStaged(rightKey.Kind).CompareTo(PolicyCompiler.IsStaged(leftKey.Kind));
        return order != 0 || leftKey.Kind == rightKey.Kind ? order : string.CompareOrdinal(leftKey.Kind.ToString(), rightKey.Kind.ToString());
    }

    private static double OrderOf(double? order) => order ?? double.PositiveInfinity;

    /// <summary>Compares as if a '/' followed each, which no segment of a key contains; ties are common, so nothing is joined for it.</summary>
    private static int CompareSegments(string left, string right)
    {
        int at = left.AsSpan().CommonPrefixLength(right);
        if (at < left.Length && at < right.Length) return Utf8Order.Instance.Compare(left, right);
        if (at == left.Length && at == right.Length) return 0;
        return at == left.Length ? '/'.CompareTo(right[at]) : left[at].CompareTo('/');
    }
}
