namespace Canal.Core.Labels;

/// <summary>How a selector compares a label's value with a literal.</summary>
public enum ComparisonOperator
{
    Equal,
    NotEqual,
    Contains,
    StartsWith,
    EndsWith,
}
