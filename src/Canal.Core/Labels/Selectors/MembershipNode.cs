using System.Collections.Immutable;
using System.Text;

namespace Canal.Core.Labels;

/// <summary><c>label in {"a", "b"}</c> or <c>not in</c>. An absent label is in no set.</summary>
public sealed record MembershipNode : SelectorNode
{
    /// <param name="label">The label's name.</param>
    /// <param name="membership">In or not in.</param>
    /// <param name="values">In any order, duplicates allowed.</param>
    internal MembershipNode(string label, MembershipOperator membership, IEnumerable<string> values)
        : this(label, membership, [.. new SortedSet<string>(values, Utf8Order.Instance)])
    {
    }

    private MembershipNode(string label, MembershipOperator membership, ImmutableArray<string> values) =>
        (Label, Operator, Values) = (label, membership, values);

    public string Label { get; }

    public MembershipOperator Operator { get; }

    /// <summary>Ascending by UTF-8 bytes, without duplicates.</summary>
    public ImmutableArray<string> Values { get; }

    internal override int Height => 0;

    internal override bool Matches(in LabelLookup labels)
    {
        string? actual = labels.Find(Label);
        bool member = actual is not null && Values.BinarySearch(actual, Utf8Order.Instance) >= 0;
        return member == (Operator == MembershipOperator.In);
    }

    internal override void WriteTo(StringBuilder text)
    {
        text.Append(Label).Append(Operator == MembershipOperator.In ? " in {" : " not in {");
        string separator = "";
        foreach (string value in Values)
        {
            text.Append(separator);
            SelectorLiteral.WriteTo(text, value);
            separator = ", ";
        }
        text.Append('}');
    }

    internal override SelectorNode Rewrite(NodeRewrite rewrite) => new MembershipNode(rewrite.Prefix + Label, Operator, Values);

    public bool Equals(MembershipNode? other) =>
        other is not null && Label == other.Label && Operator == other.Operator && Values.AsSpan().SequenceEqual(other.Values.AsSpan());

    public override int GetHashCode() => HashCode.Combine(Label, Operator, Values.Length);
}
