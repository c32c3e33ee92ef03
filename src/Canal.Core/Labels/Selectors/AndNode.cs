using System.Collections.Immutable;
using System.Text;

namespace Canal.Core.Labels;

/// <summary><c>(a &amp;&amp; b &amp;&amp; ...)</c>: true when all of two or more operands are. Written nesting is kept.</summary>
public sealed record AndNode : SelectorNode
{
    internal AndNode(ImmutableArray<SelectorNode> operands)
    {
        Operands = operands;
        foreach (SelectorNode operand in operands)
            Height = Math.Max(Height, operand.Height + 1);
    }

    public ImmutableArray<SelectorNode> Operands { get; }

    internal override int Height { get; }

    internal override bool Matches(in LabelLookup labels)
    {
        foreach (SelectorNode operand in Operands)
        {
            if (!operand.Matches(labels))
                return false;
        }
        return true;
    }

    internal override void WriteTo(StringBuilder text) => SelectorGroup.WriteTo(text, Operands, " && ");

    internal override SelectorNode Rewrite(NodeRewrite rewrite) => new AndNode(SelectorGroup.Rewrite(Operands, rewrite));

    public bool Equals(AndNode? other) => other is not null && Operands.AsSpan().SequenceEqual(other.Operands.AsSpan());

    public override int GetHashCode() => HashCode.Combine(nameof(AndNode), Operands.Length, Operands[0]);
}
