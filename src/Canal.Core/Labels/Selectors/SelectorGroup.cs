using System.Collections.Immutable;
using System.Text;

namespace Canal.Core.Labels;

/// <summary>What <see cref="AndNode"/> and <see cref="OrNode"/> have in common.</summary>
internal static class SelectorGroup
{
    public static void WriteTo(StringBuilder text, ImmutableArray<SelectorNode> operands, string separator)
    {
        text.Append('(');
        for (int i = 0; i < operands.Length; i++)
        {
            if (i > 0)
                text.Append(separator);
            operands[i].WriteTo(text);
        }
        text.Append(')');
    }

    public static ImmutableArray<SelectorNode> Rewrite(ImmutableArray<SelectorNode> operands, NodeRewrite rewrite)
    {
        var rewritten = ImmutableArray.CreateBuilder<SelectorNode>(operands.Length);
        foreach (SelectorNode operand in operands)
            rewritten.Add(operand.Rewrite(rewrite));
        return rewritten.MoveToImmutable();
    }
}
