using System.Diagnostics;
using System.Text;

namespace Canal.Core.Labels;

/// <summary><c>label == "value"</c> and its kin. An absent label differs from every value, and contains, starts or ends with none.</summary>
public sealed record ComparisonNode : SelectorNode
{
    internal ComparisonNode(string label, ComparisonOperator comparison, string value) => (Label, Operator, Value) = (label, comparison, value);

    public string Label { get; }

    public ComparisonOperator Operator { get; }

    public string Value { get; }

    internal override int Height => 0;

    internal override bool Matches(in LabelLookup labels)
    {
        string? actual = labels.Find(Label);
        return Operator switch
        {
            ComparisonOperator.Equal => actual == Value,
            ComparisonOperator.NotEqual => actual != Value,
            ComparisonOperator.Contains => actual is not null && actual.Contains(Value, StringComparison.Ordinal),
            ComparisonOperator.StartsWith => actual is not null && actual.StartsWith(Value, StringComparison.Ordinal),
            ComparisonOperator.EndsWith => actual is not null && actual.EndsWith(Value, StringComparison.Ordinal),
            _ => throw new UnreachableException(),
        };
    }

    internal override void WriteTo(StringBuilder text)
    {
        text.Append(Label).Append(Spelling(Operator));
        SelectorLiteral.WriteTo(text, Value);
    }

    internal override SelectorNode Rewrite(NodeRewrite rewrite) => new ComparisonNode(rewrite.Prefix + Label, Operator, Value);

    private static string Spelling(ComparisonOperator comparison) => comparison switch
    {
        ComparisonOperator.Equal => " == ",
        ComparisonOperator.NotEqual => " != ",
        ComparisonOperator.Contains => " contains ",
        ComparisonOperator.StartsWith => " starts with ",
        ComparisonOperator.EndsWith => " ends with ",
        _ => throw new UnreachableException(),
    };
}
