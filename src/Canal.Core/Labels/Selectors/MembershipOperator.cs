namespace Canal.Core.Labels;

/// <summary>How a selector compares a label's value with a set of literals.</summary>
public enum MembershipOperator
{
    In,
    NotIn,
}
