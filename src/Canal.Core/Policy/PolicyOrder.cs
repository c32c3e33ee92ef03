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

    /// <summary>By order, no order last; then by <c>name/namespace/kind</c>, in which '/' sorts after '-' and '.'.</summary>
    public static int ComparePolicies(ResourceKey leftKey, double? left, ResourceKey rightKey, double? right)
    {
        int order = OrderOf(left).CompareTo(OrderOf(right));
        return order != 0 ? order : Utf8Order.Instance.Compare(TieBreaker(leftKey), TieBreaker(rightKey));
    }

    private static double OrderOf(double? order) => order ?? double.PositiveInfinity;

    private static string TieBreaker(ResourceKey key) => $"{key.Name}/{key.Namespace}/{key.Kind}";
}
