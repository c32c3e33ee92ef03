using System.Collections.Immutable;
using System.Text;

namespace Canal.Core.Labels;

/// <summary><c>(a || b || ...)</c>: true when any of two or more operands is. Written nesting is kept.</summary>
public sealed record OrNode : SelectorNode
{
    internal OrNode(ImmutableArray<SelectorNode> operands)
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
            if (operand.Matches(labels))
                return true;
        }
        return false;
    }

    internal override void WriteTo(StringBuilder text) => SelectorGroup.WriteTo(text, Operands, " || ");

    internal override SelectorNode Rewrite(NodeRewrite rewrite) => new OrNode(SelectorGroup.Rewrite(Operands, rewrite));

    public bool Equals(OrNode? other) => other is not null && Operands.AsSpan().SequenceEqual(other.Operands.AsSpan());

    public override int GetHashCode() => HashCode.Combine(nameof(OrNode), Operands.Length, Operands[0]);
}
